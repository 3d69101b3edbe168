package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;

class LlmInt8GoldenTest extends LlmInt8GoldenConformance {
  @Override
  protected Backend open() {
    return Backends.cpu(64L << 20, 2);
  }
}
