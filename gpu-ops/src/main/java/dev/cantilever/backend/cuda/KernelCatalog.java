package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import java.util.List;
import java.util.stream.Stream;

/** Every kernel source there is, so that all can be compiled where there is no GPU. */
final class KernelCatalog {

  private KernelCatalog() {}

  /** All sources, under all definitions that are ever used. */
  static List<KernelSource> all() {
    return Stream.of(
            Faults.sources(),
            CudaTransfers.sources(),
            CudaMatmulOps.sources(),
            CudaNormOps.sources(),
            CudaAttentionOps.sources(),
            CudaActivationOps.sources(),
            CudaEmbeddingOps.sources(),
            CudaLossOps.sources(),
            CudaSamplingOps.sources(),
            CudaOptimizerOps.sources())
        .flatMap(List::stream)
        .toList();
  }
}
