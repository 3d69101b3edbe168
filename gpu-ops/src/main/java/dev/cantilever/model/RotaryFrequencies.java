package dev.cantilever.model;

import dev.cantilever.backend.RotarySpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.RotaryScaling;
import dev.cantilever.hub.RotarySettings;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * From a model's rotary settings to the table that attention turns heads by, in double precision;
 * the formulas are those of transformers 5 ({@code modeling_rope_utils}).
 */
final class RotaryFrequencies {

  /** What transformers adds where both ends of YaRN's ramp are the same dimension. */
  private static final double LEAST_RAMP = 0.001;

  /** Rotary dimensions for which the formula of {@code dynamic} has a value. */
  private static final int LEAST_DYNAMIC = 4;

  private final int dims;
  private final double theta;
  private final RotarySpec unscaled;

  private RotaryFrequencies(int dims, double theta) {
    this.dims = dims;
    this.theta = theta;
    this.unscaled = RotarySpec.unscaled(dims, theta);
  }

  /**
   * The table; of {@code longrope} and {@code dynamic} that of rows within the original positions.
   *
   * @param config what messages name
   * @param headSize D, of which the settings' fraction is rotated
   */
  static RotarySpec of(ModelConfig config, RotarySettings settings, int headSize) {
    return unscaled(config, settings, headSize).scaled(config, settings.scaling());
  }

  /** Those of rows beyond the original positions; parameters as above. */
  static LongRows ofLongRows(
      ModelConfig config, RotarySettings settings, int headSize, RotaryScaling.LongRope scaling) {
    return new LongRows.OneTable(
        scaling.originalPositions(),
        unscaled(config, settings, headSize)
            .longRope(config, scaling, "long_factor", scaling.longFactors()));
  }

  /** Those of rows beyond the original positions; parameters as above. */
  static LongRows ofLongRows(
      ModelConfig config, RotarySettings settings, int headSize, RotaryScaling.Dynamic scaling) {
    int dims = unscaled(config, settings, headSize).dims;
    if (dims < LEAST_DYNAMIC) {
      throw new CheckpointException(
          "%s: expected at least %d rotary dimensions of a head where rope scaling is 'dynamic', whose formula divides by all but two of them, found %d. Correct the config."
              .formatted(config.file(), LEAST_DYNAMIC, dims));
    }
    return new LongRows.TableByLength(dims, settings.theta(), scaling);
  }

  /**
   * The table of a row of so many tokens under {@code dynamic} scaling: the base of the wavelengths
   * is theta · (f·n/p − (f − 1))^(d/(d − 2)), with the original positions p.
   *
   * @param dims d, at least {@link #LEAST_DYNAMIC}
   * @param tokens n, at least p
   */
  static RotarySpec dynamic(int dims, double theta, RotaryScaling.Dynamic scaling, int tokens) {
    double factor = scaling.factor();
    double stretched = factor * tokens / scaling.originalPositions() - (factor - 1);
    return RotarySpec.unscaled(dims, theta * StrictMath.pow(stretched, dims / (dims - 2.0)));
  }

  private static RotaryFrequencies unscaled(
      ModelConfig config, RotarySettings settings, int headSize) {
    int dims = (int) (headSize * settings.fraction());
    if (dims % 2 != 0) {
      throw new CheckpointException(
          "%s: expected an even number of rotary dimensions, found %d, which is %s of heads of %d. Correct the config."
              .formatted(config.file(), dims, settings.fraction(), headSize));
    }
    return new RotaryFrequencies(dims, settings.theta());
  }

  private RotarySpec scaled(ModelConfig config, RotaryScaling scaling) {
    if (scaling instanceof RotaryScaling.Linear linear) {
      return with(frequency -> frequency / linear.factor());
    }
    if (scaling instanceof RotaryScaling.Llama3 llama3) {
      return with(frequency -> llama3(llama3, frequency));
    }
    if (scaling instanceof RotaryScaling.Yarn yarn) {
      return yarn(yarn);
    }
    if (scaling instanceof RotaryScaling.LongRope longRope) {
      return longRope(config, longRope, "short_factor", longRope.shortFactors());
    }
    return unscaled; // dynamic positions too: LongRows has what is beyond the original ones
  }

  /** The magnitude is the same for either list. */
  private RotarySpec longRope(
      ModelConfig config, RotaryScaling.LongRope scaling, String key, List<Double> factors) {
    if (factors.size() != dims / 2) {
      throw new CheckpointException(
          "%s: expected '%s' to be a list of %d numbers, half the rotary dimensions of a head, found %d. Correct the config."
              .formatted(config.file(), key, dims / 2, factors.size()));
    }
    List<Double> frequencies =
        IntStream.range(0, dims / 2)
            .mapToObj(j -> unscaled.frequencies().get(j) / factors.get(j))
            .toList();
    double growth =
        scaling.factor() <= 1
            ? 1
            : Math.sqrt(1 + Math.log(scaling.factor()) / Math.log(scaling.originalPositions()));
    return new RotarySpec(frequencies, scaling.attentionFactor().orElse(growth));
  }

  private RotarySpec with(DoubleUnaryOperator scale) {
    return new RotarySpec(
        unscaled.frequencies().stream().map(scale::applyAsDouble).toList(), unscaled.magnitude());
  }

  private static double llama3(RotaryScaling.Llama3 scaling, double frequency) {
    double turns = scaling.originalPositions() * frequency / (2 * Math.PI);
    if (turns < scaling.lowFrequencyFactor()) {
      return frequency / scaling.factor();
    }
    if (turns > scaling.highFrequencyFactor()) {
      return frequency;
    }
    double kept =
        (turns - scaling.lowFrequencyFactor())
            / (scaling.highFrequencyFactor() - scaling.lowFrequencyFactor());
    return (1 - kept) * frequency / scaling.factor() + kept * frequency;
  }

  private RotarySpec yarn(RotaryScaling.Yarn scaling) {
    double low = dimension(scaling, scaling.betaFast());
    double high = dimension(scaling, scaling.betaSlow());
    if (scaling.truncate()) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    double from = Math.max(low, 0);
    double end = Math.min(high, dims - 1);
    double width = from == end ? LEAST_RAMP : end - from;
    List<Double> frequencies =
        IntStream.range(0, dims / 2)
            .mapToObj(
                j -> {
                  double divided = Math.max(0, Math.min(1, (j - from) / width));
                  double frequency = unscaled.frequencies().get(j);
                  return frequency / scaling.factor() * divided + frequency * (1 - divided);
                })
            .toList();
    return new RotarySpec(frequencies, magnitude(scaling));
  }

  /** The dimension, not whole, whose frequency makes so many turns in the original positions. */
  private double dimension(RotaryScaling.Yarn scaling, double turns) {
    return dims
        * Math.log(scaling.originalPositions() / (turns * 2 * Math.PI))
        / (2 * Math.log(theta));
  }

  private static double magnitude(RotaryScaling.Yarn scaling) {
    if (scaling.attentionFactor().isPresent()) {
      return scaling.attentionFactor().getAsDouble();
    }
    return scaling.mscale() > 0 && scaling.mscaleAllDim() > 0
        ? growth(scaling, scaling.mscale()) / growth(scaling, scaling.mscaleAllDim())
        : growth(scaling, 1);
  }

  private static double growth(RotaryScaling.Yarn scaling, double mscale) {
    return scaling.factor() <= 1 ? 1 : 0.1 * mscale * Math.log(scaling.factor()) + 1;
  }
}
