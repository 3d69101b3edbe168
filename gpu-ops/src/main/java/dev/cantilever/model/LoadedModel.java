package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import java.io.IOException;
import java.util.Optional;

/**
 * A model on a device, its weights and their panels one piece each; freed when closed.
 *
 * @param <M> what kind of model
 */
public final class LoadedModel<M> implements AutoCloseable {

  private static final double NANOS_PER_SECOND = 1e9;

  private final Arena weights;
  private final Arena panels;
  private final Architecture architecture;
  private final M model;
  private final double seconds;

  private LoadedModel(
      Arena weights, Arena panels, Architecture architecture, M model, double seconds) {
    this.weights = weights;
    this.panels = panels;
    this.architecture = architecture;
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
  public static <M> LoadedModel<M> open(
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
      ModelLoader loader =
          new ModelLoader(backend, source, precision, weights, Optional.of(panels));
      M model = kind.load(loader);
      return new LoadedModel<>(
          weights,
          panels,
          loader.architecture(),
          model,
          (System.nanoTime() - began) / NANOS_PER_SECOND);
    } catch (IOException | RuntimeException e) {
      panels.close();
      weights.close();
      throw e;
    }
  }

  /** What it is. */
  public Architecture architecture() {
    return architecture;
  }

  /** The model. */
  public M model() {
    return model;
  }

  /** Seconds from when its first weight was asked for. */
  public double seconds() {
    return seconds;
  }

  @Override
  public void close() {
    panels.close();
    weights.close();
  }
}
