package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class RowPiecesTest {

  private static final List<Integer> TILE_ROWS = List.of(8, 16, 32, 64, 96, 128, 160);
  private static final int MULTIPROCESSORS = 132;

  /** Up of NeoX-20B: as many tiles as most multiprocessors have one of. */
  private static final Runs WIDE = Runs.of(24_576, Runs.stages(6_144), MULTIPROCESSORS);

  /** Its down: five runs a tile. */
  private static final Runs NARROW = Runs.of(6_144, Runs.stages(24_576), MULTIPROCESSORS);

  private static List<RowPieces.Piece> pieces(int n, Runs runs) {
    return RowPieces.of(n, TILE_ROWS, runs, MULTIPROCESSORS);
  }

  @Test
  void of_anyNumberOfRows_hasEachRowOnceAndBeginsWithWholeGroups() {
    for (Runs runs : List.of(WIDE, NARROW, Runs.of(1, 1, 1))) {
      for (int n = 1; n <= 1_200; n += n < 200 ? 1 : 37) {
        int next = 0;
        for (RowPieces.Piece piece : pieces(n, runs)) {
          assertThat(piece.from()).as("of %d rows", n).isEqualTo(next);
          assertThat(piece.from() % WarpgroupProduct.GROUP_ROWS).isZero();
          assertThat(piece.count()).isBetween(1, piece.filled());
          assertThat(piece.tileRows()).isIn(TILE_ROWS);
          next += piece.count();
        }
        assertThat(next).isEqualTo(n);
      }
    }
  }

  @Test
  void of_rowsOfOneBlock_isOneTileOfTheLeastRows() {
    assertThat(pieces(33, WIDE)).containsExactly(new RowPieces.Piece(0, 33, 64));
    assertThat(pieces(160, NARROW)).containsExactly(new RowPieces.Piece(0, 160, 160));
  }

  @Test
  void of_manyRowsOfAWideProduct_leavesFewMultiprocessorsWithoutATile() {
    List<RowPieces.Piece> ofManyTiles =
        pieces(1_024, WIDE).stream().filter(piece -> piece.tiles() > 1).toList();
    assertThat(ofManyTiles).isNotEmpty();
    for (RowPieces.Piece piece : ofManyTiles) {
      int blocks = piece.tiles() * WIDE.tiles();
      int turns = Grids.blocks(blocks, MULTIPROCESSORS);
      assertThat((double) blocks / turns / MULTIPROCESSORS).isGreaterThan(0.9);
    }
  }

  @Test
  void of_noWideTiles_cutsIntoWhatThereIs() {
    assertThat(RowPieces.of(20, List.of(8), NARROW, MULTIPROCESSORS))
        .allSatisfy(piece -> assertThat(piece.tileRows()).isEqualTo(8));
  }
}
