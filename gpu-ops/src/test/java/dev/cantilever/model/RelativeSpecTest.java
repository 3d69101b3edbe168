package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Places of distances, as transformers' {@code make_log_bucket_position} has them. */
class RelativeSpecTest {

  @ParameterizedTest
  @CsvSource({
    "0, 256, 256", "1, 257, 255", "127, 383, 129", "128, 384, 128", "129, 385, 127",
    "130, 386, 126", "150, 399, 113", "200, 425, 87", "256, 448, 64", "300, 463, 49",
    "400, 489, 23", "510, 511, 1", "511, 511, 1", "512, 511, 0"
  })
  void places_inBuckets_areThoseOfTransformers(int distance, int ahead, int behind) {
    int[] places = new RelativeSpec(256, true, 512, true, true, true, true).places();

    assertThat(places).hasSize(2 * 512 + 1);
    assertThat(places[512 + distance]).isEqualTo(ahead);
    assertThat(places[512 - distance]).isEqualTo(behind);
  }

  @ParameterizedTest
  @CsvSource({
    "4, 12, 4",
    "5, 13, 3",
    "7, 13, 3",
    "9, 14, 2",
    "13, 14, 2",
    "31, 15, 1",
    "32, 15, 0"
  })
  void places_inFewBuckets_areThoseOfTransformers(int distance, int ahead, int behind) {
    int[] places = new RelativeSpec(8, true, 32, true, true, true, true).places();

    assertThat(places).hasSize(2 * 32 + 1);
    assertThat(places[32 + distance]).isEqualTo(ahead);
    assertThat(places[32 - distance]).isEqualTo(behind);
  }

  @ParameterizedTest
  @CsvSource({"0, 3, 3", "2, 5, 1", "3, 5, 0"})
  void places_withoutBuckets_areDistancesUpToTheSpan(int distance, int ahead, int behind) {
    int[] places = new RelativeSpec(3, false, 3, true, false, false, false).places();

    assertThat(places).hasSize(7);
    assertThat(places[3 + distance]).isEqualTo(ahead);
    assertThat(places[3 - distance]).isEqualTo(behind);
  }
}
