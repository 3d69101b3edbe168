package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunsTest {

  @ParameterizedTest
  @CsvSource({
    "50432, 6144, 132, 0", // an output head
    "18432, 6144, 132, 0", // more than one tile for two multiprocessors: runs go on
    "24576, 6144, 132, 0",
    "6144, 50432, 120, 5",
    "6144, 24576, 120, 5", // 24 tiles, five runs each
    "2048, 8192, 128, 16",
    "2048, 2048, 64, 8", // 32 stages make no more than eight runs of four
    "200, 65536, 66, 66", // no more than half of the multiprocessors wait for each other
    "256, 64, 1, 1",
    "40, 300, 1, 1",
  })
  void of_weightsOfAnH100_cutsWithoutRegardToRows(int m, int k, int count, int each) {
    Runs runs = Runs.of(m, Runs.stages(k), 132);
    assertThat(runs.count()).isEqualTo(count);
    assertThat(runs.each()).isEqualTo(each);
  }
}
