package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.OpSequenceConformance;

class OneDnnOpSequenceTest extends OpSequenceConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(512L << 20, 2, 1 << 20);
  }
}
