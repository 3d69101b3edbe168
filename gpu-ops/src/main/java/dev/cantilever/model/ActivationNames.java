package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.Map;
import java.util.TreeMap;

/** The activation names of Hugging Face configurations. */
final class ActivationNames {

  private static final Map<String, Activation> BY_NAME =
      new TreeMap<>(
          Map.of(
              "gelu", Activation.GELU,
              "gelu_new", Activation.GELU_TANH,
              "gelu_fast", Activation.GELU_TANH,
              "gelu_pytorch_tanh", Activation.GELU_TANH,
              "relu", Activation.RELU,
              "silu", Activation.SILU,
              "swish", Activation.SILU,
              "tanh", Activation.TANH));

  private ActivationNames() {}

  /** The activation that {@code key} of the config names. */
  static Activation read(ModelConfig config, String key) {
    String name = config.requireString(key);
    Activation activation = BY_NAME.get(name);
    if (activation == null) {
      throw new CheckpointException(
          "%s: expected '%s' to be one of %s, found '%s'. This project does not compute it."
              .formatted(config.file(), key, BY_NAME.keySet(), name));
    }
    return activation;
  }
}
