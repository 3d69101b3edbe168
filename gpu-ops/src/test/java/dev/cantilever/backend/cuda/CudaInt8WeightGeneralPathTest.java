package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Int8WeightConformance;
import dev.cantilever.tensor.DType;

/** Products by the kernels of every generation, also where the card's own would be taken. */
@RequiresCuda
class CudaInt8WeightGeneralPathTest extends Int8WeightConformance {
  @Override
  protected Backend open() {
    return CudaBackend.create(
        256L << 20, CudaProfile.WORKSPACE_BYTES, DType.BF16, KernelPath.GENERAL);
  }
}
