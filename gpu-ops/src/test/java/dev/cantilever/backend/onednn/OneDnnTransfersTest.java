package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.TransfersConformance;

class OneDnnTransfersTest extends TransfersConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(64L << 20, 2, 0);
  }
}
