package dev.cantilever.backend;

import java.util.Arrays;
import java.util.stream.Stream;

/**
 * Rows of queries, rows of keys and heads of a size that hurts, with the values that go with them.
 */
record CrossCase(String name, int[] lengths, int[] keyLengths, int heads, int kvHeads, int size) {

  /** Part of every failure's message; change it to see other values. */
  private static final long SEED = 20_261_127;

  /** Lengths around the edges of tiles, and the same in another order. */
  private static final int[] EDGES = {1, 2, 31, 32, 33, 63, 64, 65, 97};

  private static final int[] OTHER_EDGES = {33, 1, 65, 64, 16, 130, 2, 32, 31};

  static Stream<CrossCase> cases() {
    return Stream.of(
        new CrossCase("one key", new int[] {1}, new int[] {1}, 1, 1, 2),
        new CrossCase("one query a row", new int[] {1, 1, 1}, new int[] {4, 1, 33}, 2, 2, 5),
        new CrossCase("one key a row", new int[] {4, 1, 33}, new int[] {1, 1, 1}, 2, 2, 8),
        new CrossCase("odd head size", new int[] {3, 7}, new int[] {11, 2}, 3, 3, 7),
        new CrossCase("grouped heads", new int[] {19, 4}, new int[] {5, 40}, 6, 2, 20),
        new CrossCase("one key head", new int[] {40, 2}, new int[] {17, 70}, 4, 1, 33),
        new CrossCase("head of 64", EDGES, OTHER_EDGES, 2, 2, 64),
        new CrossCase("head of 64, grouped", OTHER_EDGES, EDGES, 4, 2, 64),
        new CrossCase("many keys", new int[] {2, 5}, new int[] {301, 160}, 2, 2, 32),
        new CrossCase("head of 96", new int[] {64, 15}, new int[] {9, 65}, 2, 2, 96),
        new CrossCase("head of 80", new int[] {33, 2}, new int[] {35, 100}, 2, 1, 80),
        new CrossCase("head of 128", new int[] {31, 65}, new int[] {66, 16}, 3, 1, 128),
        new CrossCase("head of 256", new int[] {33, 7}, new int[] {17, 65}, 2, 1, 256),
        new CrossCase("head of 200", new int[] {17, 34}, new int[] {40, 3}, 2, 2, 200));
  }

  /** Small enough for differences of every element. */
  static CrossCase small() {
    return new CrossCase("small", new int[] {3, 2}, new int[] {2, 4}, 4, 2, 3);
  }

  AttentionSpec spec() {
    return new AttentionSpec(
        heads,
        kvHeads,
        size,
        HeadLayout.SPLIT,
        false,
        (float) (1 / Math.sqrt(size)),
        RotarySpec.NONE);
  }

  /** Of a token, all its keys and values. */
  int keyWidth() {
    return 2 * kvHeads * size;
  }

  int[] offsets() {
    return offsets(lengths);
  }

  int[] keyOffsets() {
    return offsets(keyLengths);
  }

  private static int[] offsets(int[] lengths) {
    int[] offsets = new int[lengths.length + 1];
    Arrays.setAll(offsets, r -> r == 0 ? 0 : Arrays.stream(lengths, 0, r).sum());
    return offsets;
  }

  float[] queries() {
    return TestValues.normal(SEED + name.hashCode(), tokens() * heads * size);
  }

  float[] keysValues() {
    return TestValues.normal(
        SEED + name.hashCode() + 1, Arrays.stream(keyLengths).sum() * keyWidth());
  }

  float[] dOut() {
    return TestValues.normal(SEED + name.hashCode() + 2, tokens() * heads * size);
  }

  int tokens() {
    return Arrays.stream(lengths).sum();
  }

  @Override
  public String toString() {
    return name + ", seed " + SEED;
  }
}
