package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadNormConformance;

class OneDnnHeadNormTest extends HeadNormConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 2, 1 << 20);
  }
}
