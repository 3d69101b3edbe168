package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.LlmInt8GoldenConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaLlmInt8GoldenTest extends LlmInt8GoldenConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }
}
