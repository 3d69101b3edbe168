package dev.cantilever.backend.onednn;

import dev.cantilever.backend.ActivationOpsConformance;
import dev.cantilever.backend.Backend;

class OneDnnActivationOpsTest extends ActivationOpsConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 2, 1 << 20);
  }
}
