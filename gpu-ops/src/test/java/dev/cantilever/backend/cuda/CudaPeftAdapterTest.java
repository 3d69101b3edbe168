package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.PeftAdapterConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaPeftAdapterTest extends PeftAdapterConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.F32);
  }
}
