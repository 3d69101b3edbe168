package dev.cantilever.backend;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Rows and heads of a size that hurts, with the values that go with them. */
record AttentionCase(
    String name,
    int[] lengths,
    int heads,
    int kvHeads,
    int size,
    HeadLayout layout,
    boolean causal,
    RotarySpec rotary) {

  /** Rotated by unscaled positions. */
  AttentionCase(
      String name,
      int[] lengths,
      int heads,
      int kvHeads,
      int size,
      HeadLayout layout,
      boolean causal,
      int rotaryDims) {
    this(
        name,
        lengths,
        heads,
        kvHeads,
        size,
        layout,
        causal,
        RotarySpec.unscaled(rotaryDims, 10_000));
  }

  /** Part of every failure's message; change it to see other values. */
  private static final long SEED = 20_260_101;

  /** Lengths around the edges of tiles. */
  private static final int[] EDGES = {1, 2, 15, 16, 17, 31, 33, 64, 65, 130};

  AttentionSpec spec() {
    return new AttentionSpec(
        heads, kvHeads, size, layout, causal, (float) (1 / Math.sqrt(size)), rotary);
  }

  int tokens() {
    return Arrays.stream(lengths).sum();
  }

  int[] offsets() {
    int[] offsets = new int[lengths.length + 1];
    Arrays.setAll(offsets, r -> r == 0 ? 0 : Arrays.stream(lengths, 0, r).sum());
    return offsets;
  }

  float[] qkv() {
    return TestValues.normal(SEED + name.hashCode(), tokens() * spec().projectionSize());
  }

  float[] dOut() {
    return TestValues.normal(SEED + name.hashCode() + 1, tokens() * spec().outputSize());
  }

  @Override
  public String toString() {
    return name + ", seed " + SEED;
  }

  static Stream<AttentionCase> cases() {
    HeadLayout mixed = HeadLayout.INTERLEAVED;
    HeadLayout split = HeadLayout.SPLIT;
    return Stream.of(
        new AttentionCase("one token", new int[] {1}, 1, 1, 2, mixed, true, 0),
        new AttentionCase("one-token rows", new int[] {1, 1, 1}, 2, 2, 5, mixed, true, 2),
        new AttentionCase("odd head size", new int[] {3, 7}, 3, 3, 7, split, true, 6),
        new AttentionCase("all rotated", new int[] {4, 5, 6}, 2, 2, 16, mixed, true, 16),
        new AttentionCase("a quarter rotated", new int[] {17, 16, 15}, 4, 4, 96, mixed, true, 24),
        new AttentionCase("demo", new int[] {28, 31, 9, 27}, 8, 8, 32, mixed, true, 8),
        new AttentionCase("long row", new int[] {130, 2, 65}, 2, 2, 32, split, true, 32),
        new AttentionCase("blocks met exactly", new int[] {32, 64, 33}, 1, 1, 48, split, true, 12),
        new AttentionCase("grouped heads", new int[] {19, 4}, 6, 2, 20, split, true, 20),
        new AttentionCase(
            "scaled positions",
            new int[] {21, 34},
            4,
            2,
            8,
            split,
            true,
            new RotarySpec(List.of(0.9, 0.31, 0.0021), 1.2)),
        new AttentionCase("one key head", new int[] {40}, 4, 1, 33, split, true, 10),
        new AttentionCase("both directions", new int[] {13, 1, 37}, 4, 4, 24, split, false, 0),
        new AttentionCase("both directions, rotated", new int[] {35}, 2, 1, 8, split, false, 4),
        new AttentionCase("head of 8", EDGES, 2, 2, 8, mixed, true, 0),
        new AttentionCase("head of 16, grouped", EDGES, 4, 2, 16, split, true, 16),
        new AttentionCase("head of 64", EDGES, 2, 2, 64, mixed, true, 16),
        new AttentionCase("head of 64, both", new int[] {65, 130, 1}, 2, 2, 64, split, false, 0),
        new AttentionCase("head of 80", new int[] {130, 33, 2}, 2, 2, 80, mixed, true, 20),
        new AttentionCase("head of 96", new int[] {64, 15, 65}, 2, 2, 96, mixed, true, 96),
        new AttentionCase("head of 128", new int[] {31, 130, 16}, 3, 1, 128, split, true, 32),
        new AttentionCase(
            "head of 68, grouped", new int[] {127, 129, 48}, 4, 2, 68, split, true, 20),
        new AttentionCase("head of 100, both", new int[] {63, 128, 5}, 2, 1, 100, split, false, 36),
        new AttentionCase("head of 256", new int[] {33, 65, 7}, 2, 1, 256, split, true, 64),
        new AttentionCase("head of 200, both", new int[] {34, 1}, 2, 2, 200, split, false, 50),
        new AttentionCase("head of 128, whole", new int[] {17, 64}, 2, 2, 128, mixed, true, 128));
  }

  static Stream<AttentionCase> smallCases() {
    return Stream.of(
        new AttentionCase("small", new int[] {3, 1, 4}, 2, 2, 4, HeadLayout.INTERLEAVED, true, 2),
        new AttentionCase(
            "small scaled",
            new int[] {4, 2},
            2,
            1,
            4,
            HeadLayout.SPLIT,
            true,
            new RotarySpec(List.of(0.7, 0.02), 0.8)),
        new AttentionCase("small grouped", new int[] {5}, 4, 2, 6, HeadLayout.SPLIT, true, 6),
        new AttentionCase(
            "small both ways", new int[] {4, 2}, 2, 2, 3, HeadLayout.SPLIT, false, 2));
  }

  static Stream<AttentionCase> causalCases() {
    return cases().filter(AttentionCase::causal);
  }
}
