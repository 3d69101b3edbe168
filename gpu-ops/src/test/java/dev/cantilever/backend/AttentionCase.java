package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Rows and heads of a size that hurts, with the values that go with them.
 *
 * @param scores without a bias
 * @param bias {@link DistanceBias#values}, or empty for none
 */
record AttentionCase(
    String name,
    int[] lengths,
    int heads,
    int kvHeads,
    int size,
    HeadLayout layout,
    boolean causal,
    RotarySpec rotary,
    ScoreSpec scores,
    float[] bias) {

  /** With plain scores. */
  AttentionCase(
      String name,
      int[] lengths,
      int heads,
      int kvHeads,
      int size,
      HeadLayout layout,
      boolean causal,
      RotarySpec rotary) {
    this(
        name, lengths, heads, kvHeads, size, layout, causal, rotary, ScoreSpec.PLAIN, new float[0]);
  }

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

  /** Without the bias, as the reference takes it. */
  AttentionSpec spec() {
    return new AttentionSpec(
        heads, kvHeads, size, layout, causal, (float) (1 / Math.sqrt(size)), rotary, scores);
  }

  /** As a backend takes it. */
  AttentionSpec spec(TestTensors tensors) {
    if (bias.length == 0) {
      return spec();
    }
    Tensor values = tensors.of(bias, heads, bias.length / heads);
    return spec().withScores(scores.withBias(new DistanceBias(values)));
  }

  private AttentionCase with(ScoreSpec other) {
    return new AttentionCase(
        name, lengths, heads, kvHeads, size, layout, causal, rotary, other, bias);
  }

  /** The same with a bias by distances up to {@code farthest}. */
  private AttentionCase biased(int farthest) {
    float[] values = TestValues.normal(SEED + name.hashCode() + 2, heads * (2 * farthest + 1));
    return new AttentionCase(
        name, lengths, heads, kvHeads, size, layout, causal, rotary, scores, values);
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
    return Stream.concat(plainCases(), changedCases());
  }

  private static Stream<AttentionCase> plainCases() {
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

  /** Scores are not as the product gives them, or reach less far back. */
  private static Stream<AttentionCase> changedCases() {
    HeadLayout mixed = HeadLayout.INTERLEAVED;
    HeadLayout split = HeadLayout.SPLIT;
    ScoreSpec all = new ScoreSpec(1.5f, List.of(0.5f, 0.125f), 37);
    return Stream.of(
        new AttentionCase("slopes", new int[] {28, 1, 43}, 6, 6, 8, mixed, true, 0)
            .with(ScoreSpec.alibi(6)),
        new AttentionCase("slopes, head of 64", EDGES, 4, 4, 64, mixed, true, 0)
            .with(ScoreSpec.alibi(4)),
        new AttentionCase("slopes, head of 128", new int[] {130, 33}, 3, 1, 128, split, true, 0)
            .with(ScoreSpec.alibi(3)),
        new AttentionCase("slopes, both directions", new int[] {35, 4}, 2, 2, 16, split, false, 0)
            .with(ScoreSpec.alibi(2)),
        new AttentionCase("window", new int[] {5, 6, 7, 40}, 6, 3, 8, split, true, 8)
            .with(ScoreSpec.windowed(6)),
        new AttentionCase("window of one key", new int[] {3, 37}, 2, 2, 8, split, true, 4)
            .with(ScoreSpec.windowed(1)),
        new AttentionCase("window, head of 64", EDGES, 4, 2, 64, split, true, 16)
            .with(ScoreSpec.windowed(16)),
        new AttentionCase("window, tiles before it", new int[] {300, 97}, 2, 1, 64, split, true, 64)
            .with(ScoreSpec.windowed(70)),
        new AttentionCase("window of whole tiles", new int[] {193, 200}, 1, 1, 68, split, true, 0)
            .with(ScoreSpec.windowed(64)),
        new AttentionCase("window, head of 128", new int[] {31, 200}, 3, 1, 128, split, true, 32)
            .with(ScoreSpec.windowed(33)),
        new AttentionCase("window of the row", new int[] {65, 64, 66}, 2, 2, 20, split, true, 20)
            .with(ScoreSpec.windowed(65)),
        new AttentionCase("cap", new int[] {19, 64}, 6, 2, 20, split, true, 20)
            .with(ScoreSpec.capped(2)),
        new AttentionCase("cap, head of 64", EDGES, 2, 1, 64, split, true, 64)
            .with(ScoreSpec.capped(50)),
        new AttentionCase("cap, head of 128, both", new int[] {63, 129}, 2, 2, 128, split, false, 0)
            .with(ScoreSpec.capped(1)),
        new AttentionCase(
                "cap in a window, head of 256", new int[] {33, 101}, 2, 1, 256, split, true, 256)
            .with(ScoreSpec.capped(3).withWindow(40)),
        new AttentionCase("bias", new int[] {28, 1, 43}, 6, 6, 8, mixed, true, 0).biased(5),
        new AttentionCase("bias of no distance", new int[] {9, 2}, 2, 2, 8, split, false, 0)
            .biased(0),
        new AttentionCase("bias beyond the row", new int[] {20, 37}, 2, 1, 16, split, false, 0)
            .biased(200),
        new AttentionCase("bias, head of 64", EDGES, 4, 4, 64, split, true, 0).biased(20),
        new AttentionCase("bias, head of 64, both", EDGES, 2, 2, 64, split, false, 0).biased(40),
        new AttentionCase("bias, head of 96", new int[] {70, 33}, 2, 1, 96, split, false, 0)
            .biased(9),
        new AttentionCase("bias, head of 128", new int[] {130, 33}, 3, 1, 128, split, true, 16)
            .biased(127),
        new AttentionCase("bias, head of 256", new int[] {33, 66}, 2, 1, 256, split, false, 0)
            .biased(31),
        new AttentionCase("bias in a window", new int[] {300, 97}, 2, 1, 64, split, true, 0)
            .with(ScoreSpec.windowed(70))
            .biased(50),
        new AttentionCase("bias and all changes", new int[] {130, 39}, 2, 2, 96, mixed, true, 24)
            .with(all)
            .biased(24),
        new AttentionCase("all changes", new int[] {130, 36, 39}, 2, 2, 96, mixed, true, 24)
            .with(all),
        new AttentionCase("all changes, odd head size", new int[] {70, 2}, 2, 1, 7, split, true, 6)
            .with(all));
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
        new AttentionCase("small both ways", new int[] {4, 2}, 2, 2, 3, HeadLayout.SPLIT, false, 2),
        new AttentionCase("small slopes", new int[] {5}, 2, 1, 4, HeadLayout.SPLIT, true, 0)
            .with(ScoreSpec.alibi(2)),
        new AttentionCase("small window", new int[] {6, 2}, 2, 1, 4, HeadLayout.SPLIT, true, 4)
            .with(ScoreSpec.windowed(3)),
        new AttentionCase("small cap", new int[] {5}, 2, 2, 4, HeadLayout.SPLIT, true, 4)
            .with(ScoreSpec.capped(0.7f)),
        new AttentionCase("small bias", new int[] {5, 2}, 2, 1, 4, HeadLayout.SPLIT, false, 0)
            .biased(2),
        new AttentionCase(
                "small bias and changes", new int[] {6}, 2, 1, 4, HeadLayout.SPLIT, true, 2)
            .with(new ScoreSpec(0.7f, List.of(0.3f, -0.1f), 4))
            .biased(1),
        new AttentionCase("small changes", new int[] {6}, 2, 1, 4, HeadLayout.SPLIT, true, 2)
            .with(new ScoreSpec(0.7f, List.of(0.3f, -0.1f), 4)));
  }

  static Stream<AttentionCase> causalCases() {
    return cases().filter(AttentionCase::causal);
  }
}
