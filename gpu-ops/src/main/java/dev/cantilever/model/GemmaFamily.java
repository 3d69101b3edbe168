package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.List;
import java.util.Optional;

/**
 * Gemma (transformers: {@code modeling_gemma}): Llama with embeddings multiplied by the root of
 * their width, norms whose scale is stored less 1, heads of a size of their own, a gate by GELU, a
 * tied head.
 */
final class GemmaFamily implements ArchitectureFamily {

  private static final String ACTIVATION = "hidden_activation";
  private static final String OLDER_ACTIVATION = "hidden_act";
  private static final String NEWER_DIALECT = "rope_parameters";

  @Override
  public String modelType() {
    return "gemma";
  }

  @Override
  public Architecture architecture(ModelConfig config) {
    List<Integer> windows = SlidingWindows.everywhere(config, SlidingWindows.NONE);
    return GemmaDescription.model(
        config, GemmaDescription.block(config, activation(config)), windows);
  }

  /**
   * Versions of transformers differ in which of two keys counts. Where {@code hidden_act} says
   * {@code gelu}, as the first releases of the weights did, those before 5 take the form by tanh; a
   * file of 5 or later, which has {@code rope_parameters}, means what it says.
   */
  private static Activation activation(ModelConfig config) {
    Optional<Activation> older = Optional.empty();
    if (config.has(OLDER_ACTIVATION)) {
      Activation said = ActivationNames.read(config, OLDER_ACTIVATION);
      boolean meant = said == Activation.GELU && !config.has(NEWER_DIALECT);
      older = Optional.of(meant ? Activation.GELU_TANH : said);
    }
    Activation otherwise = older.orElse(Activation.GELU_TANH);
    Activation newer =
        config.has(ACTIVATION) ? ActivationNames.read(config, ACTIVATION) : otherwise;
    if (newer != otherwise && older.isPresent()) {
      throw new CheckpointException(
          "%s: expected '%s' and '%s' to name one function, found %s and %s. Remove one."
              .formatted(config.file(), ACTIVATION, OLDER_ACTIVATION, newer, otherwise));
    }
    return newer;
  }

  @Override
  public CheckpointNames names() {
    return LlamaDescription.names();
  }
}
