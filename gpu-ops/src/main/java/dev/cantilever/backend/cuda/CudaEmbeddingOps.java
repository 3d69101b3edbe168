package dev.cantilever.backend.cuda;

import dev.cantilever.backend.EmbeddingOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Gathers and scatters of rows on the GPU. Indices are looked at on the device, before anything is
 * read by them or written; what is out of range is thrown when the host next waits.
 */
final class CudaEmbeddingOps implements EmbeddingOps {

  static final KernelSource KERNELS = KernelSource.of(CudaEmbeddingOps.class, "embedding.cu");

  private static final int THREADS = 256;
  private static final int ELEMENTS_PER_BLOCK = 4 * THREADS;

  private final Execution execution;

  CudaEmbeddingOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void gather(Tensor y, Tensor table, Tensor ids, boolean accumulate) {
    OpChecks.gather(y, table, ids);
    checkIndices(execution, "gather", ids, table.size(0));
    execution
        .kernels()
        .kernel(KERNELS, "gather")
        .with()
        .pointer(y)
        .pointer(table)
        .pointer(ids)
        .integer(table.size(1))
        .integer(StorageCode.of(table.dtype()))
        .integer(accumulate ? 1 : 0)
        .pointer(execution.faults().word())
        .run(ids.size(0), Grids.blocks(table.size(1), ELEMENTS_PER_BLOCK), 1, THREADS, 0);
  }

  @Override
  public void scatterAdd(Tensor dx, Tensor dy, Tensor ids) {
    OpChecks.scatterAdd(dx, dy, ids);
    checkIndices(execution, "scatterAdd", ids, dx.size(0));
    execution
        .kernels()
        .kernel(KERNELS, "scatter_add")
        .with()
        .pointer(dx)
        .pointer(dy)
        .pointer(ids)
        .integer(ids.size(0))
        .integer(dx.size(1))
        .pointer(execution.faults().word())
        .run(ids.size(0), THREADS);
  }

  /**
   * Enqueues a look at indices that the kernels behind it go by: these do nothing once one was out
   * of range.
   */
  static void checkIndices(Execution execution, String op, Tensor ids, int limit) {
    int call =
        execution
            .faults()
            .expect((position, index) -> OpChecks.indexOutOfRange(op, limit, index, position));
    execution
        .kernels()
        .kernel(KERNELS, "check_indices")
        .with()
        .pointer(ids)
        .integer64(ids.elements())
        .integer(limit)
        .pointer(execution.faults().word())
        .integer(call)
        .run(Grids.strided(ids.elements(), THREADS, execution.device()), THREADS);
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
