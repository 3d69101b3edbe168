package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.EightBitLoadingConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaEightBitLoadingTest extends EightBitLoadingConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(320L << 20, DType.BF16);
  }
}
