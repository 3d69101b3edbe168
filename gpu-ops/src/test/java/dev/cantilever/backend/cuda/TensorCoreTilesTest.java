package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What attention on the tensor cores asks for at a launch, which no compiler sees. */
class TensorCoreTilesTest {

  /** What a block may have on compute capability 8.6, 8.9 and 12.0. */
  private static final int SHARED_BYTES = 99 << 10;

  /** What the two blocks of a multiprocessor have together on 9.0. */
  private static final int MULTIPROCESSOR_BYTES = 227 << 10;

  @ParameterizedTest
  @ValueSource(ints = {64, 96, 128, 256})
  void sharedBytes_everyWidth_fitEveryArchitecture(int width) {
    for (boolean changedScores : new boolean[] {false, true}) {
      TensorCoreTiles tiles = new TensorCoreTiles(new HeadTiles(width, changedScores));

      assertThat(tiles.forwardBytes()).isBetween(1, SHARED_BYTES);
      assertThat(tiles.backwardBytes()).isBetween(1, SHARED_BYTES);
    }
  }

  @Test
  void heads_of96_haveTwoBlocksAMultiprocessor() {
    TensorCoreTiles tiles = new TensorCoreTiles(new HeadTiles(96, false));

    assertThat(2 * tiles.forwardBytes()).isLessThan(MULTIPROCESSOR_BYTES);
    assertThat(2 * tiles.backwardBytes()).isLessThan(MULTIPROCESSOR_BYTES);
    assertThat(tiles.forwardThreads()).isEqualTo(256);
    assertThat(tiles.backwardThreads()).isEqualTo(256);
  }
}
