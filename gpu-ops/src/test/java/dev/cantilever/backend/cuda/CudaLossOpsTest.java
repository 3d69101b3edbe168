package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.LossOpsConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaLossOpsTest extends LossOpsConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }
}
