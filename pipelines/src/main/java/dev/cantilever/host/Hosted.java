package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LoadedModel;
import dev.cantilever.model.ModelKind;
import dev.cantilever.model.WeightSource;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;

/**
 * A model on the device, and its tokenizer. Belongs to the host, which closes it.
 *
 * @param <M> what kind of model
 */
public final class Hosted<M> implements AutoCloseable {

  private final ModelRef source;
  private final TextTokenizer tokenizer;
  private final LoadedModel<M> loaded;

  private Hosted(ModelRef source, TextTokenizer tokenizer, LoadedModel<M> loaded) {
    this.source = source;
    this.tokenizer = tokenizer;
    this.loaded = loaded;
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
    try (ModelDirectory directory = ModelDirectory.open(source.path());
        LoadWatcher.Watched watched = ModelHost.watcher().begin(directory)) {
      LoadedModel<M> loaded =
          LoadedModel.open(
              backend,
              WeightSource.of(directory, watched::read),
              precision,
              weightsName,
              panelsName,
              kind);
      try {
        tokenizer.requireFits(loaded.architecture().embedding().vocabSize());
        return new Hosted<>(source, tokenizer, loaded);
      } catch (RuntimeException e) {
        loaded.close();
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
    return loaded.model();
  }

  /** Its tokenizer. */
  public TextTokenizer tokenizer() {
    return tokenizer;
  }

  @Override
  public void close() {
    loaded.close();
    tokenizer.close();
  }
}
