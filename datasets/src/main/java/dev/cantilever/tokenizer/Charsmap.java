package dev.cantilever.tokenizer;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.BitSet;
import java.util.Optional;

/**
 * The table of a sentencepiece normalizer: the size in bytes of a trie, its units (a double array
 * after Aoe 1989, as the library darts-clone lays it out: 4 bytes each, little-endian), and the
 * replacements, UTF-8 and each ended by a zero.
 */
final class Charsmap {

  private static final int BYTES = 256;

  /* Of a unit: the byte that leads to it, which no value of a leaf equals, and whether it has one. */
  private static final int LABEL = 0x800000ff;
  private static final int LEAF = 1 << 8;

  private final int[] units;
  private final byte[] replacements;

  private Charsmap(int[] units, byte[] replacements) {
    this.units = units;
    this.replacements = replacements;
  }

  /**
   * Reads a table.
   *
   * @param base64 the table
   * @return nothing where a lookup may lead outside of it
   */
  static Optional<Charsmap> read(String base64) {
    byte[] bytes;
    try {
      bytes = Base64.getDecoder().decode(base64);
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    if (!Base64.getEncoder().encodeToString(bytes).equals(base64)) {
      return Optional.empty(); // what Java's decoder lets pass
    }
    ByteBuffer table = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    long trieBytes = table.remaining() < Integer.BYTES ? 0 : Integer.toUnsignedLong(table.getInt());
    if (trieBytes < Integer.BYTES
        || trieBytes % Integer.BYTES != 0
        || trieBytes > table.remaining()) {
      return Optional.empty();
    }
    int[] units = new int[(int) trieBytes / Integer.BYTES];
    table.asIntBuffer().get(units);
    byte[] replacements = new byte[table.remaining() - (int) trieBytes];
    table.get(table.position() + (int) trieBytes, replacements);
    Charsmap map = new Charsmap(units, replacements);
    return isUtf8(replacements) && map.leadsInside() && map.keepsLetters()
        ? Optional.of(map)
        : Optional.empty();
  }

  /** What stands for the beginning of a text, by the shortest key; the text where none does. */
  String beginning(String text) {
    int node = offset(units[0]);
    for (byte next : text.getBytes(StandardCharsets.UTF_8)) {
      if (next == 0) {
        return text;
      }
      node ^= Byte.toUnsignedInt(next);
      int unit = units[node];
      if ((unit & LABEL) != Byte.toUnsignedInt(next)) {
        return text;
      }
      node ^= offset(unit);
      if ((unit & LEAF) != 0) {
        int start = units[node] & Integer.MAX_VALUE;
        int end = start;
        while (end < replacements.length && replacements[end] != 0) {
          end++;
        }
        return new String(replacements, start, end - start, StandardCharsets.UTF_8);
      }
    }
    return text;
  }

  private static boolean isUtf8(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.UTF_8);
    return Arrays.equals(text.getBytes(StandardCharsets.UTF_8), bytes);
  }

  /** Follows every byte from every node that a text can lead to. */
  private boolean leadsInside() {
    BitSet seen = new BitSet(units.length);
    ArrayDeque<Integer> bases = new ArrayDeque<>();
    bases.add(offset(units[0]));
    while (!bases.isEmpty()) {
      int base = bases.remove();
      for (int label = 1; label < BYTES; label++) {
        int node = base ^ label;
        if (node < 0 || node >= units.length) {
          return false;
        }
        int unit = units[node];
        if ((unit & LABEL) != label || seen.get(node)) {
          continue;
        }
        seen.set(node);
        int next = node ^ offset(unit);
        boolean leaf = (unit & LEAF) != 0;
        if (leaf
            && (next < 0
                || next >= units.length
                || !isStart(replacements, units[next] & Integer.MAX_VALUE))) {
          return false;
        }
        bases.add(next);
      }
    }
    return true;
  }

  /** Whether no letter or digit by itself is replaced by nothing. */
  private boolean keepsLetters() {
    for (int letter = '0'; letter <= 'z'; letter++) {
      int node = offset(units[0]) ^ letter;
      int unit = units[node];
      if (Character.isLetterOrDigit(letter) && (unit & LABEL) == letter && (unit & LEAF) != 0) {
        int at = units[node ^ offset(unit)] & Integer.MAX_VALUE;
        if (at == replacements.length || replacements[at] == 0) {
          return false;
        }
      }
    }
    return true;
  }

  private static int offset(int unit) {
    return unit >>> 10 << ((unit & 1 << 9) >>> 6);
  }

  /** Whether a character begins there, or the end is. */
  private static boolean isStart(byte[] utf8, int at) {
    return at <= utf8.length && (at == utf8.length || (utf8[at] & 0xc0) != 0x80);
  }
}
