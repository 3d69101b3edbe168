package dev.cantilever.backend;

import java.util.List;
import java.util.stream.IntStream;

/**
 * Rotary position embedding (Su et al. 2021) as a table: of the d leading dimensions of a head,
 * x[j] and x[j + d/2] turn by the angle position·frequencies[j]. What a model says about the base
 * of the wavelengths and about scaled positions has gone into the table.
 *
 * @param frequencies [d/2] radians per position, finite
 * @param magnitude what every cosine and sine is multiplied by: 1, but for YaRN (Peng et al. 2023)
 */
public record RotarySpec(List<Double> frequencies, double magnitude) {

  /** Positions do not enter. */
  public static final RotarySpec NONE = new RotarySpec(List.of(), 1);

  /** Copies the list and checks the numbers. */
  public RotarySpec {
    frequencies = List.copyOf(frequencies);
    if (!frequencies.stream().allMatch(Double::isFinite) || !Double.isFinite(magnitude)) {
      throw new IllegalArgumentException(
          "Expected finite rotary frequencies and magnitude, got "
              + frequencies
              + " and "
              + magnitude);
    }
  }

  /**
   * The frequencies theta^(−2j/d).
   *
   * @param dims d, even
   * @param theta base of the wavelengths
   */
  public static RotarySpec unscaled(int dims, double theta) {
    if (dims < 0 || dims % 2 != 0) {
      throw new IllegalArgumentException(
          "Expected an even number of rotary dimensions, got " + dims);
    }
    int half = dims / 2;
    return new RotarySpec(
        IntStream.range(0, half).mapToObj(j -> StrictMath.pow(theta, -(double) j / half)).toList(),
        1);
  }

  /** d. */
  public int dims() {
    return 2 * frequencies.size();
  }
}
