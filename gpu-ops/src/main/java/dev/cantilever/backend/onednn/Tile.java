package dev.cantilever.backend.onednn;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The register tile of the matrix product: {@code y[r, c] = fma(x[r, k], w[k, c], y[r, c])} for k
 * ascending, over {@link #ROWS} rows and a panel's columns.
 *
 * <p>x and y are blocks of row stride {@link #STRIDE}; w is a panel, {@code [depth, WIDTH]}, or
 * {@code [depth, LANES]} for a narrow one.
 */
final class Tile {
  /*
   * One accumulator per output element, k ascending, no splitting of k: the bits are those of the
   * scalar loop with Math.fma, on any instruction set and for any blocking. A constant stride keeps
   * the eight row addresses in one register. Locals instead of arrays keep the accumulators in
   * registers; that is why the loops are written out, once per row count.
   */
  /** Never four lanes: the byte vectors that int8 is read by would not exist. */
  static final VectorSpecies<Float> SPECIES =
      FloatVector.SPECIES_PREFERRED.length() >= 16
          ? FloatVector.SPECIES_512
          : FloatVector.SPECIES_256;

  static final int LANES = SPECIES.length();

  /** Columns of a full panel. */
  static final int WIDTH = 2 * LANES;

  /** Distance of rows in the blocks of x and y: the most columns or depth that a block holds. */
  static final int STRIDE = 256;

  /** Rows of a tile. */
  static final int ROWS = LANES == 16 ? EightRowTile.ROWS : FourRowTile.ROWS;

  private Tile() {}

  /** Columns that panel {@code panel} of a matrix of {@code columns} columns has in memory. */
  static int width(int columns, int panel) {
    return columns - panel * WIDTH <= LANES ? LANES : WIDTH;
  }

  static int panels(int columns) {
    return (columns + WIDTH - 1) / WIDTH;
  }

  /** Adds the product over {@code depth} into the tile of y at {@code yo}. */
  static void run(float[] x, int xo, float[] w, int wo, int width, int depth, float[] y, int yo) {
    if (LANES == 16) {
      if (width == WIDTH) {
        EightRowTile.two(x, xo, w, wo, depth, y, yo);
      } else {
        EightRowTile.one(x, xo, w, wo, depth, y, yo);
      }
    } else if (width == WIDTH) {
      FourRowTile.two(x, xo, w, wo, depth, y, yo);
    } else {
      FourRowTile.one(x, xo, w, wo, depth, y, yo);
    }
  }
}
