package dev.cantilever.model;

import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.RotaryScaling;
import dev.cantilever.hub.RotarySettings;
import java.util.Optional;

/**
 * Rows longer than the positions that a model was first trained on, whose heads turn by another
 * table: {@code longrope} has one for all of them, {@code dynamic} one for each length.
 *
 * <p>In transformers the longest row of a batch decides for all of it. Here a row's own length
 * does, as for a batch of one, since a row's result is not to depend on those beside it: rows of
 * different tables do not go through a model together. (Under {@code dynamic} a model of
 * transformers also remembers the longest batch that it has seen, and turns shorter ones by its
 * table until one is within the original positions. That is not done here: a row is computed as by
 * a model that has seen nothing.)
 *
 * <p>Whoever asks {@link Architecture#forRowsOf} for a length settles the matter for all rows
 * instead: a PPO run does, by the longest row that it allows (as vLLM does by {@code
 * max_model_len}), because a row that is scored by another table than its first tokens were drawn
 * by would not be the policy's own.
 */
sealed interface LongRows {

  /** Tokens of the longest row that is not of these. */
  int originalPositions();

  /**
   * The table of a row.
   *
   * @param tokens of it, more than the original positions
   */
  RotarySpec rotary(int tokens);

  /** Whether rows of these numbers of tokens, of whatever length, turn by one table. */
  boolean sameTable(int tokens, int others);

  /**
   * Tokens of a row in generation up to which the keys in the cache stay as they are. One that
   * grows beyond goes through the model once more, all of it, by the other table.
   */
  int longestCached();

  /** Those of a config that has such rows. */
  static Optional<LongRows> of(ModelConfig config, RotarySettings settings, int headSize) {
    if (settings.scaling() instanceof RotaryScaling.LongRope scaling) {
      return Optional.of(RotaryFrequencies.ofLongRows(config, settings, headSize, scaling));
    }
    if (settings.scaling() instanceof RotaryScaling.Dynamic scaling) {
      return Optional.of(RotaryFrequencies.ofLongRows(config, settings, headSize, scaling));
    }
    return Optional.empty();
  }

  /**
   * Tokens of the longest row that a model takes.
   *
   * @param positions that its config says it has
   */
  static int longestRow(RotarySettings settings, int positions) {
    return settings.scaling() instanceof RotaryScaling.Dynamic
        ? EmbeddingSpec.ANY_LENGTH
        : positions;
  }

  /**
   * Those of {@code longrope}. In generation a token is drawn as by a pass over all tokens before
   * it, as in transformers.
   *
   * @param originalPositions tokens of the longest row that is not of these
   * @param rotary the table
   */
  record OneTable(int originalPositions, RotarySpec rotary) implements LongRows {

    @Override
    public RotarySpec rotary(int tokens) {
      return rotary;
    }

    @Override
    public boolean sameTable(int tokens, int others) {
      return (tokens > originalPositions) == (others > originalPositions);
    }

    @Override
    public int longestCached() {
      return originalPositions;
    }
  }

  /**
   * Those of {@code dynamic}. In generation a new token's query and key turn by the table for the
   * row's length with it, and keys in the cache stay as they came in, as in transformers.
   *
   * @param dims d, rotary dimensions of a head
   * @param theta the base of the wavelengths within the original positions
   * @param scaling of the positions
   */
  record TableByLength(int dims, double theta, RotaryScaling.Dynamic scaling) implements LongRows {

    @Override
    public int originalPositions() {
      return scaling.originalPositions();
    }

    @Override
    public RotarySpec rotary(int tokens) {
      return RotaryFrequencies.dynamic(dims, theta, scaling, tokens);
    }

    @Override
    public boolean sameTable(int tokens, int others) {
      int original = originalPositions();
      return Math.max(tokens, original) == Math.max(others, original);
    }

    @Override
    public int longestCached() {
      return EmbeddingSpec.ANY_LENGTH;
    }
  }
}
