package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A backend for the models of a test, arenas for them, and that all of it is given back. */
abstract class ModelConformance {

  Backend backend;
  Arena weights;
  Arena adapters;
  PassMemory memory;

  /** Opens the backend under test, which rounds nothing below F32; the suite closes it. */
  protected abstract Backend open();

  @BeforeEach
  void openBackend() {
    backend = open();
    weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
    adapters = backend.budget().open("adapters", Purpose.ADAPTER);
    memory = new PassMemory(backend, "test");
  }

  @AfterEach
  void everythingIsGivenBack() {
    memory.close();
    adapters.close();
    weights.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
    assertThat(backend.budget().liveBytes()).isZero();
  }
}
