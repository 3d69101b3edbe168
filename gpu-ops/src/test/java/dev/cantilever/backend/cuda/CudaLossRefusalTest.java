package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.LossRefusalConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaLossRefusalTest extends LossRefusalConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }
}
