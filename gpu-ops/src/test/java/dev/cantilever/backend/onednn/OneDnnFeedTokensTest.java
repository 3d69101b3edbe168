package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.FeedTokensConformance;

class OneDnnFeedTokensTest extends FeedTokensConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 2, 1 << 20);
  }
}
