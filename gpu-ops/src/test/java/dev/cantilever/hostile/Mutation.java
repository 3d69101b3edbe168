package dev.cantilever.hostile;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/** Damages bytes in the ways that files are damaged by accident or by design. */
final class Mutation {

  private static final int MOST = 4;
  private static final int LONGEST_RUN = 64;

  private static final long[] NUMBERS = {
    0,
    1,
    -1,
    7,
    8,
    127,
    128,
    255,
    256,
    65535,
    65536,
    0x7fff_ffffL,
    0x8000_0000L,
    0xffff_ffffL,
    Long.MAX_VALUE,
    Long.MIN_VALUE,
    Long.MAX_VALUE / 4,
    1L << 40,
    100_000_000,
    0x04034b50
  };

  private static final List<String> TEXTS =
      List.of(
          "../",
          "/etc/passwd",
          "..",
          "\\u0000",
          "\\n",
          "\u0000",
          "\n",
          "null",
          "true",
          "{}",
          "[]",
          "{",
          "}",
          "[",
          "]",
          ",",
          ":",
          "\"",
          "-1",
          "-0",
          "1e999",
          "1E5",
          "0.5",
          "NaN",
          "Infinity",
          "9223372036854775807",
          "18446744073709551616",
          "2147483648",
          "99999999999999999999999999",
          "F32",
          "BF16",
          "I64",
          "F4",
          "dtype",
          "shape",
          "data_offsets",
          "__metadata__",
          "weight_map",
          "model_type",
          "quantization_config",
          "\u00e9\u4e16",
          "\ud83d\ude00",
          "[".repeat(300),
          "{\"a\":".repeat(300),
          "x".repeat(2000),
          "cos\nsystem\n",
          "R",
          ".",
          "archive/data/0",
          "storage");

  private Mutation() {}

  /**
   * A damaged copy.
   *
   * @param others to take pieces from
   */
  static byte[] of(byte[] seed, List<byte[]> others, SplittableRandom random) {
    byte[] bytes = seed;
    int count = random.nextBoolean() ? 1 : 1 + random.nextInt(MOST);
    for (int i = 0; i < count && bytes.length > 0; i++) {
      bytes = once(bytes, others, random);
    }
    return bytes;
  }

  private static byte[] once(byte[] bytes, List<byte[]> others, SplittableRandom random) {
    int at = random.nextInt(bytes.length);
    int run = 1 + random.nextInt(Math.min(LONGEST_RUN, bytes.length - at));
    return switch (random.nextInt(10)) {
      case 0 -> replaced(bytes, at, 1, (byte) (bytes[at] ^ 1 << random.nextInt(8)));
      case 1 -> replaced(bytes, at, 1, (byte) random.nextInt(256));
      case 2 -> replaced(bytes, at, run);
      case 3 -> replaced(bytes, at, 0, Arrays.copyOfRange(bytes, at, at + run));
      case 4 -> Arrays.copyOf(bytes, at);
      case 5 -> replaced(bytes, at, Math.min(bytes.length - at, 8), number(random));
      case 6 -> replaced(bytes, at, random.nextBoolean() ? 0 : run, text(random));
      case 7 -> digits(bytes, at, random);
      case 8 -> {
        byte[] other = others.get(random.nextInt(others.size()));
        int from = random.nextInt(other.length);
        int to = from + 1 + random.nextInt(Math.min(LONGEST_RUN, other.length - from));
        yield replaced(bytes, at, run, Arrays.copyOfRange(other, from, to));
      }
      default -> replaced(bytes, at, run, new byte[run]);
    };
  }

  private static byte[] number(SplittableRandom random) {
    long value = NUMBERS[random.nextInt(NUMBERS.length)];
    int size = 1 << random.nextInt(4);
    byte[] little =
        ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(value).array();
    return Arrays.copyOf(little, size);
  }

  private static byte[] text(SplittableRandom random) {
    return TEXTS.get(random.nextInt(TEXTS.size())).getBytes(StandardCharsets.UTF_8);
  }

  /** Another number in place of the next one written in digits. */
  private static byte[] digits(byte[] bytes, int from, SplittableRandom random) {
    int at = from;
    while (at < bytes.length && !Character.isDigit(bytes[at])) {
      at++;
    }
    int end = at;
    while (end < bytes.length && Character.isDigit(bytes[end])) {
      end++;
    }
    String number = Long.toString(NUMBERS[random.nextInt(NUMBERS.length)]);
    return replaced(bytes, at, end - at, number.getBytes(StandardCharsets.US_ASCII));
  }

  private static byte[] replaced(byte[] bytes, int at, int removed, byte... inserted) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + inserted.length);
    out.write(bytes, 0, at);
    out.write(inserted, 0, inserted.length);
    int rest = Math.min(bytes.length, at + removed);
    out.write(bytes, rest, bytes.length - rest);
    return out.toByteArray();
  }
}
