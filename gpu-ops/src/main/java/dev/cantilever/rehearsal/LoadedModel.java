package dev.cantilever.rehearsal;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.ModelKind;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.WeightBytes;
import dev.cantilever.model.WeightSource;
import java.io.IOException;
import java.util.Optional;

/**
 * A model on a device, its weights and their panels one piece each; freed when closed.
 *
 * @param <M> what kind of model
 */
final class LoadedModel<M> implements AutoCloseable {

  private static final double NANOS_PER_SECOND = 1e9;

  private final Arena weights;
  private final Arena panels;
  private final M model;
  private final double seconds;

  private LoadedModel(Arena weights, Arena panels, M model, double seconds) {
    this.weights = weights;
    this.panels = panels;
    this.model = model;
    this.seconds = seconds;
  }

  /**
   * Loads a model.
   *
   * @param weightsName of the arena of weights, in the memory table
   * @param panelsName of the arena of their panels
   * @throws dev.cantilever.memory.BudgetExceededException if it does not fit; nothing stays
   */
  static <M> LoadedModel<M> open(
      Backend backend,
      WeightSource source,
      BasePrecision precision,
      String weightsName,
      String panelsName,
      ModelKind<M> kind)
      throws IOException {
    WeightBytes bytes = WeightBytes.of(backend, source, precision, kind);
    Arena weights = backend.budget().open(weightsName, Purpose.BASE_WEIGHTS, bytes.base());
    Arena panels = backend.budget().open(panelsName, Purpose.WEIGHT_PANELS, bytes.panels());
    try {
      long began = System.nanoTime();
      M model =
          kind.load(new ModelLoader(backend, source, precision, weights, Optional.of(panels)));
      return new LoadedModel<>(
          weights, panels, model, (System.nanoTime() - began) / NANOS_PER_SECOND);
    } catch (IOException | RuntimeException e) {
      panels.close();
      weights.close();
      throw e;
    }
  }

  M model() {
    return model;
  }

  /** Seconds from when its first weight was asked for. */
  double seconds() {
    return seconds;
  }

  @Override
  public void close() {
    panels.close();
    weights.close();
  }
}
