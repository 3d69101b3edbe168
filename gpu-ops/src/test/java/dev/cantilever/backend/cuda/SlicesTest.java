package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** How products are cut for a card of 132 multiprocessors, the weights those of NeoX-20B. */
class SlicesTest {

  private static final int MULTIPROCESSORS = 132;

  @ParameterizedTest
  @CsvSource({
    "18432, 6144, 3",
    "6144, 6144, 8",
    "24576, 6144, 2",
    "6144, 24576, 8",
    "50432, 6144, 1"
  })
  void of_aWeight_fillsTheCardEvenly(int m, int k, int slices) {
    assertThat(Slices.of(m, k, MULTIPROCESSORS).count()).isEqualTo(slices);
  }

  @Test
  void of_aShortInnerDimension_isOneSlice() {
    assertThat(Slices.of(6144, 100, MULTIPROCESSORS)).isEqualTo(new Slices(2, 2));
    assertThat(Slices.of(1, 1, MULTIPROCESSORS).pitch()).isEqualTo(Slices.STAGE_K);
  }

  @Test
  void of_anySize_coversTheInnerDimensionWithoutAnEmptySlice() {
    for (int k = 1; k < 3000; k += 37) {
      Slices cut = Slices.of(300, k, MULTIPROCESSORS);
      assertThat(cut.pitch()).as("k %d", k).isBetween(k, k + Slices.STAGE_K - 1);
      assertThat((cut.count() - 1) * cut.stagesEach()).as("k %d", k).isLessThan(cut.stages());
    }
  }
}
