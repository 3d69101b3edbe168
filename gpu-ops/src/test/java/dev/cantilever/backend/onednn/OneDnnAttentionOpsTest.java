package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionOpsConformance;
import dev.cantilever.backend.Backend;

class OneDnnAttentionOpsTest extends AttentionOpsConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 3, 1 << 20);
  }
}
