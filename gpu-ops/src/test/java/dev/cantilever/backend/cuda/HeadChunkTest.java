package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HeadChunkTest {

  @ParameterizedTest
  @CsvSource({
    "50432, 98295, 50432", // all at once
    "50257, 98295, 50432", // the only chunk may be short
    "128256, 98295, 64256", // two as equal as tiles allow
    "256000, 98295, 85504",
    "1, 98295, 256",
    "1000, 100, 256", // never less than a tile
  })
  void wholeTiles_ofHeads_areFewAndEqual(int entries, int most, int each) {
    assertThat(HeadChunk.wholeTiles(entries, most)).isEqualTo(each);
  }
}
