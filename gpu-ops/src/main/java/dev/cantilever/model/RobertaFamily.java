package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.Optional;

/**
 * RoBERTa (transformers: {@code modeling_roberta}) and the two that differ from it in language and
 * name alone: BERT's encoder without a pooler, positions counted from behind the padding id, a
 * classification head of its own on the first token.
 *
 * @param modelType as in {@code config.json}
 */
record RobertaFamily(String modelType) implements ArchitectureFamily {

  private static final String PADDING = "pad_token_id";
  private static final int PADDING_ID = 1;

  static RobertaFamily roberta() {
    return new RobertaFamily("roberta");
  }

  static RobertaFamily xlmRoberta() {
    return new RobertaFamily("xlm-roberta");
  }

  static RobertaFamily camembert() {
    return new RobertaFamily("camembert");
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    return BertDescription.read(
        config,
        paddingId(config) + 1,
        new ClassifierSpec(
            Pooling.FIRST_TOKEN, Optional.of(Activation.TANH), true, config.labels()));
  }

  /** The position of what is no token; that of a row's first token is the next. */
  private static int paddingId(ModelConfig config) {
    boolean none = config.isNull(PADDING);
    int id = config.intOr(PADDING, PADDING_ID);
    int positions = config.requireInt("max_position_embeddings");
    if (none || id < 0 || id >= positions) {
      throw new CheckpointException(
          "%s: expected '%s', from which positions are counted, to be from 0 to below max_position_embeddings %d, found %s. Correct the config."
              .formatted(config.file(), PADDING, positions, none ? "null" : id));
    }
    return id;
  }

  @Override
  public CheckpointNames names() {
    return BertDescription.names(
        "roberta", new ClassifierNames(Optional.of("classifier.dense"), "classifier.out_proj"));
  }
}
