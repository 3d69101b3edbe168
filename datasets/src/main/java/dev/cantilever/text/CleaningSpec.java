package dev.cantilever.text;

import java.io.Serializable;

/**
 * How text is cleaned and which texts are kept. Lengths are counted after cleaning, in characters
 * as Python's {@code len} counts them (Unicode code points).
 *
 * @param html whether tags are removed and entities resolved
 * @param whitespace what becomes of white space
 * @param minChars the fewest characters of a text that is kept; 0 or 1 keeps all that is not blank
 * @param maxChars the most characters of a text that is kept; {@link #NO_LIMIT} for no limit
 */
public record CleaningSpec(boolean html, Whitespace whitespace, int minChars, int maxChars)
    implements Serializable {

  /** As {@code maxChars}: any length. */
  public static final int NO_LIMIT = Integer.MAX_VALUE;

  /** Checks the range. */
  public CleaningSpec {
    if (minChars < 0 || maxChars < 1 || maxChars < minChars) {
      throw new DatasetException(
          "cleaning",
          "0 <= min_chars <= max_chars and max_chars >= 1",
          "min_chars " + minChars + " and max_chars " + maxChars,
          "Correct the two settings");
    }
  }

  /**
   * Nothing changed, nothing dropped.
   *
   * @return the spec
   */
  public static CleaningSpec asIs() {
    return new CleaningSpec(false, Whitespace.KEEP, 0, NO_LIMIT);
  }

  /**
   * For film reviews: markup removed, white space collapsed, more than 200 characters kept, which
   * is the bound of trl's sentiment scripts ({@code len(review) > 200}).
   *
   * @return the spec
   */
  public static CleaningSpec reviews() {
    return new CleaningSpec(true, Whitespace.COLLAPSE, 201, NO_LIMIT);
  }

  /**
   * The same cleaning with other bounds.
   *
   * @param newMinChars the fewest characters
   * @param newMaxChars the most characters
   * @return a copy
   */
  public CleaningSpec withChars(int newMinChars, int newMaxChars) {
    return new CleaningSpec(html, whitespace, newMinChars, newMaxChars);
  }
}
