package dev.cantilever.recipe;

import java.math.BigDecimal;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A number of bytes as users write it: {@code 24GiB}, {@code 512MiB}, {@code 1.5GiB}, {@code 4096}.
 * Binary units only (B, KiB, MiB, GiB, TiB), because a budget in GB would be ambiguous by 7 %.
 *
 * @param bytes the number of bytes, not negative
 */
public record ByteSize(long bytes) implements Comparable<ByteSize> {
  private static final String[] UNITS = {"B", "KiB", "MiB", "GiB", "TiB"};
  private static final Pattern TEXT =
      Pattern.compile("([0-9]+(?:\\.[0-9]+)?) ?(B|KiB|MiB|GiB|TiB)?", Pattern.CASE_INSENSITIVE);

  public ByteSize {
    if (bytes < 0) {
      throw new IllegalArgumentException(
          "expected a size of 0 bytes or more, got " + bytes + "; give a size such as 24GiB");
    }
  }

  /** The size of {@code count} GiB. */
  public static ByteSize ofGib(long count) {
    return new ByteSize(Math.multiplyExact(count, 1L << 30));
  }

  /**
   * Reads a size.
   *
   * @throws IllegalArgumentException if the text is not a whole number of bytes in binary units
   */
  public static ByteSize parse(String text) {
    Matcher matcher = TEXT.matcher(text.strip());
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "expected a size such as 24GiB, got '" + text + "'; the units are B, KiB, MiB, GiB, TiB");
    }
    BigDecimal count = new BigDecimal(matcher.group(1));
    String unit = matcher.group(2) == null ? "b" : matcher.group(2).toLowerCase(Locale.ROOT);
    int power = "bkmgt".indexOf(unit.charAt(0));
    try {
      return new ByteSize(count.multiply(BigDecimal.valueOf(1L << (10 * power))).longValueExact());
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(
          "expected a whole number of bytes below 2^63, got '" + text + "'; use a smaller unit", e);
    }
  }

  @Override
  public int compareTo(ByteSize other) {
    return Long.compare(bytes, other.bytes);
  }

  /** The exact size in the largest unit that divides it, in the form {@link #parse} reads. */
  @Override
  public String toString() {
    int power = bytes == 0 ? 0 : Math.min(Long.numberOfTrailingZeros(bytes) / 10, 4);
    return (bytes >> (10 * power)) + UNITS[power];
  }
}
