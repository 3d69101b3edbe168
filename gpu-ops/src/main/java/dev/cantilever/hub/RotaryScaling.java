package dev.cantilever.hub;

import java.util.List;
import java.util.OptionalDouble;

/**
 * How a model stretches its rotary positions beyond those it was first trained on: the {@code
 * rope_type} of its config with the numbers that belong to it. What is made of them is the model's
 * business.
 */
public sealed interface RotaryScaling {

  /** {@code default}: not at all. */
  record None() implements RotaryScaling {}

  /**
   * {@code linear}: every frequency divided.
   *
   * @param factor above 0
   */
  record Linear(double factor) implements RotaryScaling {}

  /**
   * {@code dynamic} (NTK-aware scaling by a row's length): nothing up to the positions first
   * trained on; a longer row has a base of the wavelengths of its own, which grows with its length.
   * In transformers the longest row of a batch decides for all of its tokens.
   *
   * @param factor above 0
   * @param originalPositions first trained on, {@code max_position_embeddings}
   */
  record Dynamic(double factor, int originalPositions) implements RotaryScaling {}

  /**
   * {@code llama3}: long wavelengths divided, short ones kept, those between interpolated.
   *
   * @param factor above 0
   * @param lowFrequencyFactor wavelengths beyond originalPositions over this are long
   * @param highFrequencyFactor wavelengths below originalPositions over this are short; above
   *     lowFrequencyFactor
   * @param originalPositions first trained on
   */
  record Llama3(
      double factor, double lowFrequencyFactor, double highFrequencyFactor, int originalPositions)
      implements RotaryScaling {}

  /**
   * {@code longrope} (Ding et al. 2024, arXiv 2402.13753): every frequency divided by a number of
   * its own, and cosines and sines multiplied by one that is the same for all rows. There are two
   * lists of divisors, for rows within the positions first trained on and for longer ones; in
   * transformers the longest row of a batch decides for all of its tokens.
   *
   * @param shortFactors of rows within the original positions, each above 0
   * @param longFactors of longer rows, as many
   * @param factor of the positions, above 0
   * @param originalPositions first trained on, above 1
   * @param attentionFactor what cosines and sines are multiplied by, where the file says it
   */
  record LongRope(
      List<Double> shortFactors,
      List<Double> longFactors,
      double factor,
      int originalPositions,
      OptionalDouble attentionFactor)
      implements RotaryScaling {

    /** Copies the lists. */
    public LongRope {
      shortFactors = List.copyOf(shortFactors);
      longFactors = List.copyOf(longFactors);
    }
  }

  /**
   * {@code yarn} (Peng et al. 2023, arXiv 2309.00071): a ramp over the dimensions from frequencies
   * kept to frequencies divided, and cosines and sines multiplied.
   *
   * @param factor above 0
   * @param originalPositions first trained on
   * @param betaFast turns within originalPositions from which a frequency is kept
   * @param betaSlow turns below which it is divided
   * @param truncate whether the ends of the ramp are whole dimensions
   * @param attentionFactor what cosines and sines are multiplied by, where the file says it
   * @param mscale with mscaleAllDim the two from which it follows where the file does not say it; 0
   *     for none
   * @param mscaleAllDim see mscale
   */
  record Yarn(
      double factor,
      int originalPositions,
      double betaFast,
      double betaSlow,
      boolean truncate,
      OptionalDouble attentionFactor,
      double mscale,
      double mscaleAllDim)
      implements RotaryScaling {}
}
