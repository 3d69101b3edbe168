package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.ParallelBlockConformance;
import dev.cantilever.tensor.DType;

@RequiresCuda
class CudaParallelBlockFullPrecisionTest extends ParallelBlockConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(1L << 30, DType.F32);
  }
}
