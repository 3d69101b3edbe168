package dev.cantilever.model;

/**
 * Relative positions in the scores of an encoder's attention, as DeBERTa has them (He et al. 2021;
 * transformers: {@code modeling_deberta_v2}).
 *
 * @param span distances of each sign that the table of positions has a row for: 2·span rows
 * @param buckets whether distances above span/2 share rows, more the farther they are
 * @param farthest with buckets, one more than the distance that the last but one row is for
 * @param queriesToPositions whether queries are multiplied by the keys of positions; {@code c2p}
 * @param keysToPositions whether keys are multiplied by the queries of positions; {@code p2c}
 * @param shared whether the projections to queries and keys are those of tokens
 * @param norm whether the rows of the table are normalised
 */
public record RelativeSpec(
    int span,
    boolean buckets,
    int farthest,
    boolean queriesToPositions,
    boolean keysToPositions,
    boolean shared,
    boolean norm) {

  /** Rows of the table of positions. */
  public int rows() {
    return 2 * span;
  }

  /**
   * The row of each distance from −M to M, M being the least from which on all of a sign have the
   * same, which is the first row or the last.
   */
  int[] places() {
    int most = 0;
    while (bucket(most) < span) {
      most++;
    }
    int[] places = new int[2 * most + 1];
    for (int distance = 0; distance <= most; distance++) {
      int bucket = bucket(distance);
      places[most + distance] = Math.min(span + bucket, rows() - 1);
      places[most - distance] = Math.max(span - bucket, 0);
    }
    return places;
  }

  /** In the roundings of transformers, by which a distance at an edge has its bucket. */
  private int bucket(int distance) {
    int half = span / 2;
    if (!buckets || distance <= half) {
      return distance;
    }
    float share = logarithm((float) distance / half) / logarithm((farthest - 1.0) / half);
    return (int) Math.ceil(share * (half - 1)) + half;
  }

  private static float logarithm(double x) {
    return (float) Math.log((float) x);
  }
}
