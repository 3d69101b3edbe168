package dev.cantilever.backend.cuda;

import java.util.ArrayList;
import java.util.List;

/**
 * How the rows of a product by warpgroups are cut into launches, where they are more than a block
 * has at once. No sum depends on it: a row's segments are the same in all of them.
 *
 * <p>Times are counted in rows of a stage. A block brings and converts a stage of the weight once
 * for all its rows, which takes as long as {@link #STAGE_ROWS} more. On an H100 a stage took 0.88
 * µs with 128 rows and 1.05 with 160.
 */
final class RowPieces {

  /** What a stage costs beside its rows. */
  private static final int STAGE_ROWS = 35;

  /** What a launch costs, and each time that a block puts sums aside to go on with another's. */
  private static final int LAUNCH_ROWS = 1500;

  /**
   * Rows of one launch.
   *
   * @param from first row
   * @param count of the rows
   * @param tileRows rows of a block
   */
  record Piece(int from, int count, int tileRows) {

    /** Tiles of rows. */
    int tiles() {
      return Grids.blocks(count, tileRows);
    }

    /** Rows with those that fill the last tile. */
    int filled() {
      return tiles() * tileRows;
    }
  }

  private RowPieces() {}

  /**
   * Cuts rows, always into the piece next that takes the least time for each of its rows.
   *
   * @param n rows
   * @param tileRows that a block can have, ascending multiples of 8
   * @param runs of the product
   * @param multiprocessors of the device
   */
  static List<Piece> of(int n, List<Integer> tileRows, Runs runs, int multiprocessors) {
    List<Piece> pieces = new ArrayList<>();
    for (int from = 0; from < n; ) {
      Piece next = next(from, n - from, tileRows, runs, multiprocessors);
      pieces.add(next);
      from += next.count();
    }
    return pieces;
  }

  private static Piece next(
      int from, int left, List<Integer> tileRows, Runs runs, int multiprocessors) {
    int most = tileRows.get(tileRows.size() - 1);
    if (left <= most) {
      int least = tileRows.stream().filter(rows -> rows >= left).findFirst().orElseThrow();
      return new Piece(from, left, least);
    }
    Piece best = new Piece(from, most, most);
    double bestCost = costPerRow(best, runs, multiprocessors);
    for (int rows : tileRows) {
      for (int tiles = 1; (tiles - 1) * rows < left; tiles++) {
        Piece piece = new Piece(from, Math.min(left, tiles * rows), rows);
        double cost = costPerRow(piece, runs, multiprocessors);
        if (cost < bestCost) {
          best = piece;
          bestCost = cost;
        }
      }
    }
    return best;
  }

  /** One tile of rows is cut into runs; of more, blocks have whole tiles in turn. */
  private static double costPerRow(Piece piece, Runs runs, int multiprocessors) {
    double stage = STAGE_ROWS + piece.tileRows();
    double stages;
    double launches = 1;
    if (piece.tiles() == 1) {
      stages = (double) runs.stages() * runs.tiles() / runs.count();
    } else {
      int turns = Grids.blocks(piece.tiles() * runs.tiles(), multiprocessors);
      stages = (double) turns * runs.stages();
      launches += turns * Math.max(0, runs.each() - 1);
    }
    return (stages * stage + launches * LAUNCH_ROWS) / piece.count();
  }
}
