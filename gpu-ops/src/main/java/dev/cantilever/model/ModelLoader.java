package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.util.Optional;

/**
 * Builds a model from a description and a source of weights: checks every tensor's shape against
 * the description, brings weights to the device and quantises them matrix by matrix. All of it is
 * there when a model is returned.
 */
public final class ModelLoader {

  private final WeightSource source;
  private final ArchitectureFamily family;
  private final Architecture architecture;
  private final CheckpointNames names;
  private final WeightLoader weights;

  /**
   * Prepares to load; nothing is read but the config.
   *
   * @param base arena of the weights; {@link WeightBytes} says its size
   * @param panels arena of unpacked weights for the CPU's product, or empty to go without
   */
  public ModelLoader(
      Backend backend,
      WeightSource source,
      BasePrecision precision,
      Arena base,
      Optional<Arena> panels) {
    this.source = source;
    ModelConfig config = source.config();
    this.family = Families.of(config);
    this.architecture = family.architecture(config);
    this.names = family.names();
    this.weights = new WeightLoader(backend, source, precision, base, panels);
  }

  /** Prepares to load a checkpoint, which stays open until it is loaded. */
  public ModelLoader(
      Backend backend,
      ModelDirectory directory,
      BasePrecision precision,
      Arena base,
      Optional<Arena> panels) {
    this(backend, WeightSource.of(directory), precision, base, panels);
  }

  /** The description that is loaded by. */
  public Architecture architecture() {
    return architecture;
  }

  /**
   * Loads a language model.
   *
   * @throws CheckpointException if the family has no language head, or a tensor is missing or wrong
   */
  public LanguageModel languageModel() throws IOException {
    String head = CheckpointHeads.language(source);
    String table = TokenTable.path(source, family);
    Transformer transformer = transformer(table);
    boolean tied = !ownHead(head, table);
    String matrix = tied ? table : head;
    Optional<String> bias = architecture.head().bias() ? Optional.of(head) : Optional.empty();
    Weight weight =
        weights.head(matrix, bias, architecture.embedding().vocabSize(), architecture.outputSize());
    weights.finish();
    return new LanguageModel(transformer, new Linear(HeadNames.later(head), weight), tied);
  }

  private boolean ownHead(String path, String table) throws IOException {
    return switch (architecture.head().tying()) {
      case OWN -> true;
      case TIED -> {
        TokenTable.requireTied(source, table, path);
        yield false;
      }
      case TIED_UNLESS_STORED -> !TokenTable.path(source, table, path).equals(table);
    };
  }

  /** Loads a sequence classifier or reward model. */
  public SequenceClassifier classifier() throws IOException {
    CheckpointHeads.labels(source);
    SequenceClassifier classifier = classifier(transformer(TokenTable.path(source, family)));
    weights.finish();
    return classifier;
  }

  private SequenceClassifier classifier(Transformer transformer) throws IOException {
    int hidden = architecture.outputSize();
    Optional<Linear> dense = Optional.empty();
    if (names.classifier().hidden().isPresent()) {
      String path = names.classifier().hidden().get();
      dense = Optional.of(new Linear(path, weights.dense(path, hidden, hidden, true)));
    }
    ClassifierSpec spec = architecture.classifier();
    String path = names.classifier().output();
    Linear output =
        new Linear(path, weights.dense(path, spec.labels().size(), hidden, spec.bias()));
    return new SequenceClassifier(transformer, dense, output);
  }

  private Transformer transformer(String table) throws IOException {
    return new TransformerLoader(family, architecture, table, weights).transformer();
  }
}
