package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.HeadLengthsConformance;

class OneDnnHeadLengthsTest extends HeadLengthsConformance {
  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }
}
