package dev.cantilever.model;

import java.util.Optional;
import java.util.function.Function;

/** Modules outside the blocks, which GPT-2 and GPT-J name alike. */
final class Gpt2Names {

  private Gpt2Names() {}

  /**
   * Names of a checkpoint.
   *
   * @param positions of learned positions, if there are any
   * @param block of the block at a path
   */
  static CheckpointNames of(Optional<String> positions, Function<String, BlockNames> block) {
    return new CheckpointNames(
        "transformer.wte",
        Optional.empty(),
        positions,
        Optional.empty(),
        layer -> block.apply("transformer.h." + layer),
        Optional.of("transformer.ln_f"),
        Optional.empty(),
        Optional.of("lm_head"),
        new ClassifierNames(Optional.empty(), "score"));
  }
}
