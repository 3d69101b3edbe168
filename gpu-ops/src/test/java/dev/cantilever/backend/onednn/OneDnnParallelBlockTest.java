package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.ParallelBlockConformance;

class OneDnnParallelBlockTest extends ParallelBlockConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(1L << 30, 2, 1 << 20);
  }
}
