package dev.cantilever.model;

import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.RotaryScaling;
import dev.cantilever.hub.RotarySettings;
import java.util.Optional;

/**
 * Rows longer than the positions that a model was first trained on, whose heads turn by a table of
 * their own ({@code longrope}).
 *
 * <p>In transformers the longest row of a batch decides for all of it. Here a row's own length
 * does, as for a batch of one, since a row's result is not to depend on those beside it: rows of
 * both kinds do not go through a model together. In generation a token is drawn as by a pass over
 * all tokens before it, so a row that grows beyond the original positions goes through the model
 * once more, as in transformers. Whoever asks {@link Architecture#forRowsOf} for a length settles
 * the matter for all rows instead: a PPO run does, by the longest row that it allows (as vLLM does
 * by {@code max_model_len}), because a row that is scored by another table than its first tokens
 * were drawn by would not be the policy's own.
 *
 * @param originalPositions tokens of the longest row that is not of these
 * @param rotary the table
 */
record LongRows(int originalPositions, RotarySpec rotary) {

  /** Those of a config that has such rows. */
  static Optional<LongRows> of(ModelConfig config, RotarySettings settings, int headSize) {
    return settings.scaling() instanceof RotaryScaling.LongRope scaling
        ? Optional.of(
            new LongRows(
                scaling.originalPositions(),
                RotaryFrequencies.ofLongRows(config, settings, headSize, scaling)))
        : Optional.empty();
  }
}
