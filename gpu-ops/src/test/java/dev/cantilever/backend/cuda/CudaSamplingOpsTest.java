package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.SamplingOpsConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaSamplingOpsTest extends SamplingOpsConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }
}
