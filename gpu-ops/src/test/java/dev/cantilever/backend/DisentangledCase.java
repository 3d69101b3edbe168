package dev.cantilever.backend;

import java.util.Arrays;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * Rows, heads and relative positions of a size that hurts, with the values that go with them.
 *
 * @param farthest M, the largest distance that has a place of its own
 * @param vectors P, rows of positions
 * @param keys column of the keys of positions, or −1
 * @param queries column of their queries, or −1
 * @param width X, columns of positions
 */
record DisentangledCase(
    String name,
    int[] lengths,
    int heads,
    int size,
    int farthest,
    int vectors,
    int keys,
    int queries,
    int width) {

  /** Part of every failure's message; change it to see other values. */
  private static final long SEED = 20_261_126;

  /** Lengths around the edges of tiles. */
  private static final int[] EDGES = {1, 2, 31, 32, 33, 63, 64, 65, 97};

  static Stream<DisentangledCase> cases() {
    return Stream.of(
        new DisentangledCase("one token", new int[] {1}, 1, 2, 1, 2, 0, 2, 4),
        new DisentangledCase("odd head size", new int[] {3, 7}, 3, 7, 4, 8, 0, 21, 42),
        new DisentangledCase("keys alone", new int[] {17, 5}, 2, 16, 9, 18, 0, -1, 32),
        new DisentangledCase("queries alone", new int[] {9, 40}, 2, 12, 9, 18, -1, 5, 29),
        new DisentangledCase("as queries and keys lie", new int[] {34, 20}, 2, 8, 6, 12, 16, 0, 48),
        new DisentangledCase("rows beyond all places", new int[] {70, 3}, 1, 24, 5, 10, 0, 24, 48),
        new DisentangledCase("places beyond all rows", new int[] {6, 4}, 2, 8, 40, 80, 0, 16, 32),
        new DisentangledCase("head of 64", EDGES, 2, 64, 60, 40, 0, 128, 256),
        new DisentangledCase("head of 96", new int[] {40, 1}, 1, 96, 20, 16, 96, 0, 192),
        new DisentangledCase("head of 128", new int[] {33, 64}, 2, 128, 31, 62, 0, 256, 512));
  }

  /** Small enough for differences of every element. */
  static DisentangledCase small() {
    return new DisentangledCase("small", new int[] {4, 2}, 2, 3, 2, 4, 0, 6, 12);
  }

  DisentangledSpec spec() {
    return new DisentangledSpec(
        heads, size, (float) (1 / Math.sqrt(3.0 * size)), column(keys), column(queries));
  }

  private static OptionalInt column(int column) {
    return column < 0 ? OptionalInt.empty() : OptionalInt.of(column);
  }

  int[] offsets() {
    int[] offsets = new int[lengths.length + 1];
    Arrays.setAll(offsets, r -> r == 0 ? 0 : Arrays.stream(lengths, 0, r).sum());
    return offsets;
  }

  /** Ascending with the distance, in steps of none, one or two. */
  int[] places() {
    int[] places = new int[2 * farthest + 1];
    Arrays.setAll(places, d -> d * (vectors - 1) / (places.length - 1));
    return places;
  }

  float[] qkv() {
    return TestValues.normal(SEED + name.hashCode(), tokens() * spec().projectionSize());
  }

  float[] positions() {
    return TestValues.normal(SEED + name.hashCode() + 1, vectors * width);
  }

  int tokens() {
    return Arrays.stream(lengths).sum();
  }

  @Override
  public String toString() {
    return name + ", seed " + SEED;
  }
}
