package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The rows of T5's table of biases: 32, of which the last are for distances of 128 or so. */
class DistanceBucketsTest {

  @Test
  void places_ofBothDirections_shareRowsMoreTheFartherTheyAre() {
    // The distances at which a row begins: 8 rows for one each, then as 8·16^(i/8) grows.
    int[] begins = {0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 16, 23, 32, 46, 64, 91};
    int[] places = new DistanceBuckets(32, 128, true).places();
    assertThat(places).hasSize(2 * 91 + 1);
    for (int distance = 0; distance <= 91; distance++) {
      int row = last(begins, distance);
      assertThat(places[91 - distance]).as("key %d before the query", distance).isEqualTo(row);
      assertThat(places[91 + distance])
          .as("key %d behind the query", distance)
          .isEqualTo(distance == 0 ? 0 : 16 + row);
    }
  }

  @Test
  void places_ofOneDirection_haveAllRowsForKeysBefore() {
    // 16 rows for one distance each, then as 16·8^(i/16) grows.
    int[] far = {16, 19, 21, 24, 27, 31, 35, 40, 46, 52, 59, 67, 77, 87, 99, 113};
    int[] begins = IntStream.concat(IntStream.range(0, 16), IntStream.of(far)).toArray();
    int[] places = new DistanceBuckets(32, 128, false).places();
    assertThat(places).hasSize(2 * 113 + 1);
    for (int distance = 0; distance <= 113; distance++) {
      assertThat(places[113 - distance])
          .as("key %d before the query", distance)
          .isEqualTo(last(begins, distance));
      assertThat(places[113 + distance]).isZero();
    }
  }

  @Test
  void construction_withoutFarDistances_isRefused() {
    assertThatThrownBy(() -> new DistanceBuckets(32, 8, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("32 rows and 8");
  }

  private static int last(int[] begins, int distance) {
    return (int) IntStream.of(begins).filter(begin -> begin <= distance).count() - 1;
  }
}
