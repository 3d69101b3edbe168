package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.MatmulOpsConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaMatmulOpsFullPrecisionTest extends MatmulOpsConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.F32);
  }
}
