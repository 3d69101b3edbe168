package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Int8WeightConformance;

class OneDnnInt8WeightTest extends Int8WeightConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 2, 1 << 20);
  }
}
