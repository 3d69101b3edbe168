package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.LossRefusalConformance;

class OneDnnLossRefusalTest extends LossRefusalConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 3, 1 << 20);
  }
}
