package dev.cantilever.model;

/**
 * How distances between tokens share rows of a table of biases, as in T5 (Raffel et al. 2020,
 * section 2.1; transformers: {@code T5Attention._relative_position_bucket}): near ones have a row
 * each, farther ones share rows, more the farther they are.
 *
 * @param rows of the table
 * @param farthest distance from which on all are in one row
 * @param bothDirections whether half of the rows are for keys behind the query; else those are not
 *     seen
 */
public record DistanceBuckets(int rows, int farthest, boolean bothDirections) {

  /** Far beyond any row, and as far as a config may go: there is a place for each distance. */
  static final int MOST_DISTANCE = 1 << 20;

  /** Checks that near and far distances have rows. */
  public DistanceBuckets {
    if (exact(rows, bothDirections) < 1 || farthest <= exact(rows, bothDirections)) {
      throw new IllegalArgumentException(
          "Expected rows for near and far distances and a farthest one beyond the near, got %d rows and %d"
              .formatted(rows, farthest));
    }
  }

  /** Distances of one sign that have a row each. */
  private static int exact(int rows, boolean bothDirections) {
    return (bothDirections ? rows / 2 : rows) / 2;
  }

  /**
   * The row of each distance j − i from −M to M, of a key at position j from a query at position i;
   * M is the least from which on all of a sign have the same.
   */
  int[] places() {
    int most = 0;
    while (bucket(most) < ofOneSign() - 1) {
      most++;
    }
    int[] places = new int[2 * most + 1];
    for (int distance = 0; distance <= most; distance++) {
      places[most - distance] = bucket(distance);
      places[most + distance] = bothDirections ? after(distance) : 0;
    }
    return places;
  }

  private int after(int distance) {
    return distance == 0 ? 0 : ofOneSign() + bucket(distance);
  }

  private int ofOneSign() {
    return bothDirections ? rows / 2 : rows;
  }

  /** In the roundings of transformers, by which a distance at an edge has its row. */
  private int bucket(int distance) {
    int exact = exact(rows, bothDirections);
    if (distance < exact) {
      return distance;
    }
    float logarithm = (float) Math.log((float) distance / exact);
    float share = logarithm / (float) Math.log((double) farthest / exact);
    int far = exact + (int) (share * (ofOneSign() - exact));
    return Math.min(far, ofOneSign() - 1);
  }
}
