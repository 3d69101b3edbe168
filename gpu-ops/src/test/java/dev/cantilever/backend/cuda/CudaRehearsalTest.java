package dev.cantilever.backend.cuda;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.rehearsal.RehearsalConformance;

@RequiresCuda
class CudaRehearsalTest extends RehearsalConformance {
  @Override
  protected BackendKind device() {
    return BackendKind.CUDA;
  }
}
