package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;

class PartlyAdaptedEncoderTest extends PartlyAdaptedEncoderConformance {
  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }
}
