package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.tensor.DType;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What attention asks for at a launch, which no compiler sees. */
class HeadTilesTest {

  /** What a block may have on compute capability 8.6, 8.9 and 12.0. */
  private static final int SHARED_BYTES = 99 << 10;

  @ParameterizedTest
  @ValueSource(ints = {64, 96, 128, 256})
  void sharedBytes_everyWidth_fitEveryArchitecture(int width) {
    HeadTiles tiles = new HeadTiles(width, false);

    assertThat(tiles.forwardBytes()).isBetween(1, SHARED_BYTES);
    for (DType storage : List.of(DType.F32, DType.BF16)) {
      assertThat(tiles.decodeBytes(storage)).isBetween(1, SHARED_BYTES);
    }
    assertThat(tiles.backwardBytes(2)).isBetween(tiles.backwardBytes(1), SHARED_BYTES);
  }
}
