package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.CausalLm;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.Optional;

/** A frozen causal model on the device, and its tokenizer. Belongs to the host, which closes it. */
public final class HostedModel implements AutoCloseable {

  private final ModelRef source;
  private final TextTokenizer tokenizer;
  private final Arena weights;
  private final Arena panels;
  private final CausalLm model;

  private HostedModel(
      ModelRef source, TextTokenizer tokenizer, Arena weights, Arena panels, CausalLm model) {
    this.source = source;
    this.tokenizer = tokenizer;
    this.weights = weights;
    this.panels = panels;
    this.model = model;
  }

  static HostedModel load(Backend backend, ModelRef source, BasePrecision precision)
      throws IOException {
    TextTokenizer tokenizer = TextTokenizer.load(source.path());
    Arena weights = backend.budget().open("base weights", Purpose.BASE_WEIGHTS);
    Arena panels = backend.budget().open("weight panels", Purpose.WEIGHT_PANELS);
    try (ModelDirectory directory = ModelDirectory.open(source.path())) {
      CausalLm model =
          new ModelLoader(backend, directory, precision, weights, Optional.of(panels)).causalLm();
      tokenizer.requireFits(model.vocabSize());
      return new HostedModel(source, tokenizer, weights, panels, model);
    } catch (IOException | RuntimeException e) {
      panels.close();
      weights.close();
      tokenizer.close();
      throw e;
    }
  }

  /** Where it came from. */
  public ModelRef source() {
    return source;
  }

  /** The model. */
  public CausalLm model() {
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
