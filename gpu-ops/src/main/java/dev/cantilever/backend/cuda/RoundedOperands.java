package dev.cantilever.backend.cuda;

import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * The rows of products by warpgroups, rounded to bf16 in the order in which these read them: as the
 * kernel before has left them ({@link RoundedRows}), or rounded by a kernel of their own.
 */
final class RoundedOperands {

  private static final int PACK_WARPS = 8;

  /** Rows that lie together when they are rounded. */
  static final int GROUP_ROWS = 8;

  private final Execution execution;

  RoundedOperands(Execution execution) {
    this.execution = execution;
  }

  /** Bytes of rows rounded, of so many stages of an inner dimension. */
  static long bytes(int stages, int groups) {
    return 2L * stages * Runs.STAGE_K * GROUP_ROWS * groups;
  }

  /**
   * Where the rows of each product lie rounded; those that are rounded here are in the workspace.
   *
   * @param products of which the first says for all how their weights are stored
   * @param kernel which reads them
   * @param groups of {@link #GROUP_ROWS} rows
   * @param sources [N, K] F32 of each product
   */
  List<Long> rounded(
      List<FrozenProduct> products, WarpgroupKernel kernel, int groups, List<Tensor> sources) {
    List<OptionalLong> before =
        sources.stream().map(rows -> roundedBefore(kernel, rows, groups)).toList();
    List<Long> rounded = new ArrayList<>();
    for (int i = 0; i < sources.size(); i++) {
      OptionalLong found = before.get(i);
      rounded.add(
          found.isPresent()
              ? found.getAsLong()
              : pack(products.get(i), kernel, groups, sources.get(i)));
    }
    return rounded;
  }

  /**
   * The rows as the kernel before has left them rounded, which it does in the order that an int8
   * weight needs going forward; how they lie follows from the number of groups alone.
   */
  private OptionalLong roundedBefore(WarpgroupKernel kernel, Tensor rows, int groups) {
    return kernel.storage() == WarpgroupKernel.Storage.INT8
            && kernel.direction() == ProductDirection.FORWARD
        ? execution.roundedRows().find(rows, groups)
        : OptionalLong.empty();
  }

  private long pack(FrozenProduct product, WarpgroupKernel kernel, int groups, Tensor rows) {
    int stages = Runs.stages(product.k());
    long packed = execution.workspace().allocate(bytes(stages, groups));
    execution
        .kernels()
        .kernel(kernel.source(), "pack_operand")
        .with()
        .pointer(packed)
        .pointer(rows)
        .integer(rows.size(0))
        .integer(product.k())
        .integer(groups)
        .integer(stages)
        .pointer(product.inputScale())
        .run(Grids.blocks(stages, PACK_WARPS), groups, 1, PACK_WARPS * 32, 0);
    return packed;
  }
}
