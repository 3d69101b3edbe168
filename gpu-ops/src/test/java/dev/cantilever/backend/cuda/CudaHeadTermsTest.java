package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.HeadTermsConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaHeadTermsTest extends HeadTermsConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.F32);
  }
}
