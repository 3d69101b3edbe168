package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.Int8WeightConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaInt8WeightTest extends Int8WeightConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }
}
