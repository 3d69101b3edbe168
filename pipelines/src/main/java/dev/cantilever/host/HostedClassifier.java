package dev.cantilever.host;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.model.SequenceClassifier;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.util.Optional;

/**
 * A sequence classifier on the device, in the precision it is stored in, and its tokenizer. Belongs
 * to the host, which closes it.
 */
public final class HostedClassifier implements AutoCloseable {

  private final ModelRef source;
  private final TextTokenizer tokenizer;
  private final Arena weights;
  private final Arena panels;
  private final SequenceClassifier classifier;

  private HostedClassifier(
      ModelRef source,
      TextTokenizer tokenizer,
      Arena weights,
      Arena panels,
      SequenceClassifier classifier) {
    this.source = source;
    this.tokenizer = tokenizer;
    this.weights = weights;
    this.panels = panels;
    this.classifier = classifier;
  }

  static HostedClassifier load(Backend backend, ModelRef source) throws IOException {
    TextTokenizer tokenizer = TextTokenizer.load(source.path());
    Arena weights = backend.budget().open("classifier weights", Purpose.BASE_WEIGHTS);
    Arena panels = backend.budget().open("classifier panels", Purpose.WEIGHT_PANELS);
    try (ModelDirectory directory = ModelDirectory.open(source.path())) {
      SequenceClassifier classifier =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.of(panels))
              .classifier();
      tokenizer.requireFits(classifier.transformer().architecture().embedding().vocabSize());
      return new HostedClassifier(source, tokenizer, weights, panels, classifier);
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

  /** The classifier. */
  public SequenceClassifier classifier() {
    return classifier;
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
