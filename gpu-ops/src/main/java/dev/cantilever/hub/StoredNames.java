package dev.cantilever.hub;

import java.util.List;
import java.util.stream.Stream;

/**
 * The names under which a checkpoint may hold a tensor, as transformers finds it under any of them:
 * its own; GPT-NeoX's output layer as the modules of transformers 5 call it ({@link HeadNames});
 * scale and shift of BERT's norms as TensorFlow called them, {@code LayerNorm.gamma} and {@code
 * LayerNorm.beta}; each of these without its first part too, as a bare model has it.
 */
final class StoredNames {

  private static final String NORM = "LayerNorm.";

  private StoredNames() {}

  /** The first that is meant comes first. */
  static List<String> of(String name) {
    return Stream.of(name, HeadNames.later(name), earlierNorm(name))
        .distinct()
        .flatMap(whole -> Stream.of(whole, whole.substring(whole.indexOf('.') + 1)))
        .toList();
  }

  private static String earlierNorm(String name) {
    return name.replace(NORM + "weight", NORM + "gamma").replace(NORM + "bias", NORM + "beta");
  }
}
