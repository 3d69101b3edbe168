package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.LoadingConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaLoadingTest extends LoadingConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(320L << 20, DType.BF16);
  }
}
