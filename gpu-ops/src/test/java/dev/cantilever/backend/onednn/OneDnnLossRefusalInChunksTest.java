package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.LossRefusalConformance;

/** A workspace of a few hundred logits: even two tokens of 50 go one after the other. */
class OneDnnLossRefusalInChunksTest extends LossRefusalConformance {
  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, 2, 2 * 4 * 50);
  }
}
