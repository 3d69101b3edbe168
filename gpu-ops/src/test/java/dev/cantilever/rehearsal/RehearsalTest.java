package dev.cantilever.rehearsal;

import dev.cantilever.backend.BackendKind;

class RehearsalTest extends RehearsalConformance {
  @Override
  protected BackendKind device() {
    return BackendKind.CPU;
  }
}
