package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.NormOpsConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaNormOpsTest extends NormOpsConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }
}
