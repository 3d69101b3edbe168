package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.ModelConfig;
import java.util.Optional;

/**
 * BERT (transformers: {@code modeling_bert}): an encoder whose classifier reads the first token
 * through a pooler, a dense layer and a hyperbolic tangent.
 */
final class BertFamily implements ArchitectureFamily {

  @Override
  public String modelType() {
    return "bert";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    return BertDescription.read(
        config,
        0,
        new ClassifierSpec(
            Pooling.FIRST_TOKEN, Optional.of(Activation.TANH), true, config.labels()));
  }

  @Override
  public CheckpointNames names() {
    return BertDescription.names(
        "bert", new ClassifierNames(Optional.of("bert.pooler.dense"), "classifier"));
  }
}
