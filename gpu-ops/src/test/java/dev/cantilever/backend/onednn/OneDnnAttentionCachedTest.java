package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionCachedConformance;
import dev.cantilever.backend.Backend;

class OneDnnAttentionCachedTest extends AttentionCachedConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 3, 1 << 20);
  }
}
