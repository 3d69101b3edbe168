package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.Tile.STRIDE;
import static dev.cantilever.backend.onednn.Tile.WIDTH;

/**
 * How an output is cut into blocks, one a task; no bit of it depends on this.
 *
 * @param rows rows of a block, a multiple of {@link Tile#ROWS}
 * @param columns columns of a block, a multiple of {@link Tile#WIDTH}
 */
record Cut(int rows, int columns) {
  /*
   * A block reads its rows of x and its panels over the whole depth: cutting columns reads x more
   * often, cutting rows the panels. An element of x costs about three of a panel, because rows are
   * short and may have to be scaled. For the input gradient of [197, 768 or 1024] by [.., 256] the
   * right cut is worth a tenth of the time.
   */
  private static final int X_COST = 3;

  /** Rows that a block keeps, in tiles, when rows are cut for the sake of more tasks. */
  private static final int LEAST_TILES = 4;

  /** The cheapest cut into at least {@code wanted} blocks, or into as many as the output allows. */
  static Cut of(int rows, int columns, int wanted) {
    int best = STRIDE;
    for (int block = STRIDE / 2; block >= 2 * WIDTH; block /= 2) {
      if (cost(rows, columns, block, wanted) < cost(rows, columns, best, wanted)) {
        best = block;
      }
    }
    int tiles = parts(parts(rows, rowBlocks(rows, columns, best, wanted)), Tile.ROWS);
    return new Cut(tiles * Tile.ROWS, best);
  }

  private static long cost(int rows, int columns, int block, int wanted) {
    int rowBlocks = rowBlocks(rows, columns, block, wanted);
    int columnBlocks = parts(columns, block);
    int missing = Math.max(0, wanted - rowBlocks * columnBlocks);
    return (1L + missing) * ((long) X_COST * rows * columnBlocks + (long) columns * rowBlocks);
  }

  private static int rowBlocks(int rows, int columns, int block, int wanted) {
    int most = Math.max(1, rows / (LEAST_TILES * Tile.ROWS));
    int some = Math.min(most, parts(wanted, parts(columns, block)));
    return Math.max(some, parts(rows, ProductScratch.ROWS));
  }

  private static int parts(int whole, int part) {
    return (whole + part - 1) / part;
  }
}
