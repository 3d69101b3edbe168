package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.ModelKind;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.WeightBytes;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.Optional;

/**
 * A model on the device, and its tokenizer. Belongs to the host, which closes it.
 *
 * @param <M> what kind of model
 */
public final class Hosted<M> implements AutoCloseable {

  private final ModelRef source;
  private final TextTokenizer tokenizer;
  private final Arena weights;
  private final Arena panels;
  private final M model;

  private Hosted(ModelRef source, TextTokenizer tokenizer, Arena weights, Arena panels, M model) {
    this.source = source;
    this.tokenizer = tokenizer;
    this.weights = weights;
    this.panels = panels;
    this.model = model;
  }

  /**
   * Loads a model.
   *
   * @param weightsName of the arena of weights, in the memory table
   * @param panelsName of the arena of their panels
   */
  static <M> Hosted<M> load(
      Backend backend,
      ModelRef source,
      BasePrecision precision,
      String weightsName,
      String panelsName,
      ModelKind<M> kind)
      throws IOException {
    TextTokenizer tokenizer = TextTokenizer.load(source.path());
    try (ModelDirectory directory = ModelDirectory.open(source.path())) {
      WeightSource from = WeightSource.of(directory);
      WeightBytes bytes = WeightBytes.of(backend, from, precision, kind);
      Arena weights = backend.budget().open(weightsName, Purpose.BASE_WEIGHTS, bytes.base());
      Arena panels = backend.budget().open(panelsName, Purpose.WEIGHT_PANELS, bytes.panels());
      try {
        ModelLoader loader =
            new ModelLoader(backend, from, precision, weights, Optional.of(panels));
        M model = kind.load(loader);
        tokenizer.requireFits(loader.architecture().embedding().vocabSize());
        return new Hosted<>(source, tokenizer, weights, panels, model);
      } catch (IOException | RuntimeException e) {
        panels.close();
        weights.close();
        throw e;
      }
    } catch (IOException | RuntimeException e) {
      tokenizer.close();
      throw e;
    }
  }

  /** Where it came from. */
  public ModelRef source() {
    return source;
  }

  /** The model. */
  public M model() {
    return model;
  }

  /** Its tokenizer. */
  public TextTokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public void close() {
    panels.close();
    weights.close();
    tokenizer.close();
  }
}
