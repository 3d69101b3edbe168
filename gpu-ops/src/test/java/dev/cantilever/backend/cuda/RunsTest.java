package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunsTest {

  @ParameterizedTest
  @CsvSource({
    "50432, 6144, 132, 4, false", // an output head
    "18432, 6144, 132, 4, false", // more than one tile for two multiprocessors: blocks finish alone
    "24576, 6144, 132, 4, false",
    "6144, 50432, 132, 4, true", // 24 tiles, five and a half runs each
    "12288, 4096, 132, 4, true",
    "16384, 4096, 128, 0, true", // two runs of 32 stages each are as short
    "2048, 8192, 128, 0, true",
    "2048, 2048, 64, 0, true", // 32 stages make no more than eight runs of four
    "200, 65536, 66, 0, true", // no more than half of the multiprocessors wait for each other
    "256, 64, 1, 0, false",
    "40, 300, 1, 0, false",
  })
  void of_weightsOfAnH100_cutsWithoutRegardToRows(
      int m, int k, int count, int finish, boolean shared) {
    Runs runs = Runs.of(m, Runs.stages(k), 132);
    assertThat(runs.count()).isEqualTo(count);
    assertThat(runs.finish()).isEqualTo(finish);
    assertThat(runs.shared()).isEqualTo(shared);
  }

  /** Every way that {@code product_wgmma.cu} has its sums aside. */
  @ParameterizedTest
  @CsvSource({
    "2048, 2048, 132", // 64 runs, but many rows are had by 132 blocks
    "256, 512, 132",
    "6144, 50432, 156", // a run's two segments of two tiles have a place each
    "2048, 8192, 136",
    "50432, 6144, 132",
  })
  void asides_ofWeightsOnAnH100_haveAPlaceForEachBlockAndSegment(int m, int k, int asides) {
    assertThat(Runs.of(m, Runs.stages(k), 132).asides(132)).isEqualTo(asides);
  }
}
