package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Attention without a cache on the tensor cores: what goes into a product is rounded to BF16, all
 * else is fp32. A block going forward has a tile of queries of one row and head; going backward it
 * has all of a row and key head, so that no gradient is the sum of several blocks'.
 */
final class TensorCoreAttention {

  /** Elements that are read and written at once. */
  private static final int QUAD = 4;

  private final Execution execution;

  TensorCoreAttention(Execution execution) {
    this.execution = execution;
  }

  /** Whether heads of this kind lie so that the kernels can read them. */
  static boolean takes(AttentionSpec spec) {
    return spec.headSize() % QUAD == 0;
  }

  /**
   * See {@link dev.cantilever.backend.AttentionOps#attention}.
   *
   * @param turns address of the rotary table of all positions
   */
  void forward(
      Tensor out, Tensor lse, Tensor qkv, long turns, PackedRows rows, AttentionSpec spec) {
    TensorCoreTiles tiles = TensorCoreTiles.of(spec);
    int perRow = Grids.blocks(CudaAttentionOps.longest(rows), tiles.queries());
    LaunchBuffer launch =
        kernel(tiles.forward(), "attention_bf16")
            .pointer(out)
            .pointer(lse)
            .pointer(qkv)
            .pointer(turns)
            .pointer(rows.deviceOffsets())
            .integer(perRow);
    HeadTiles.attending(launch, spec)
        .run(
            CudaAttentionOps.blocks(rows, perRow),
            spec.heads(),
            1,
            tiles.forwardThreads(),
            tiles.forwardBytes());
  }

  /**
   * See {@link dev.cantilever.backend.AttentionOps#attentionBackward}.
   *
   * @param turns address of the rotary table of all positions
   */
  void backward(
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor out,
      Tensor lse,
      long turns,
      PackedRows rows,
      AttentionSpec spec) {
    TensorCoreTiles tiles = TensorCoreTiles.of(spec);
    LaunchBuffer launch =
        kernel(tiles.backward(), "attention_gradient_bf16")
            .pointer(dQkv)
            .pointer(dOut)
            .pointer(qkv)
            .pointer(out)
            .pointer(lse)
            .pointer(turns)
            .pointer(rows.deviceOffsets());
    HeadTiles.attending(launch, spec)
        .run(rows.rows(), spec.kvHeads(), 1, tiles.backwardThreads(), tiles.backwardBytes());
  }

  private LaunchBuffer kernel(KernelSource source, String name) {
    return execution.kernels().kernel(source, name).with();
  }

  static List<KernelSource> sources() {
    return TensorCoreTiles.sources();
  }
}
