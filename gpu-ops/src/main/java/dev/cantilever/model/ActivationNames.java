package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.Map;
import java.util.TreeMap;

/** The activation names of Hugging Face configurations; several are of one function. */
final class ActivationNames {

  private static final Map<String, Activation> BY_NAME =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("gelu", Activation.GELU),
              Map.entry("gelu_python", Activation.GELU),
              Map.entry("gelu_new", Activation.GELU_TANH),
              Map.entry("gelu_fast", Activation.GELU_TANH),
              Map.entry("gelu_accurate", Activation.GELU_TANH),
              Map.entry("gelu_python_tanh", Activation.GELU_TANH),
              Map.entry("gelu_pytorch_tanh", Activation.GELU_TANH),
              Map.entry("relu", Activation.RELU),
              Map.entry("silu", Activation.SILU),
              Map.entry("swish", Activation.SILU),
              Map.entry("tanh", Activation.TANH)));

  private ActivationNames() {}

  /** The activation that {@code key} of the config names. */
  static Activation read(ModelConfig config, String key) {
    return of(config, key, config.requireString(key));
  }

  /** The activation that {@code key} of the config names, or the default if the key is absent. */
  static Activation read(ModelConfig config, String key, String otherwise) {
    return of(config, key, config.stringOr(key, otherwise));
  }

  /** The activation of a name that {@code key} of the config holds, perhaps among other things. */
  static Activation of(ModelConfig config, String key, String name) {
    Activation activation = BY_NAME.get(name);
    if (activation == null) {
      throw new CheckpointException(
          "%s: expected '%s' to be one of %s, found '%s'. This project does not compute it: use a model of one of these."
              .formatted(config.file(), key, BY_NAME.keySet(), name));
    }
    return activation;
  }
}
