package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.Tile.STRIDE;

/** The blocks that one worker computes in, small enough for its second-level cache. */
final class ProductScratch {
  /** Rows of a block: a multiple of the eight and of the four rows of a tile. */
  static final int ROWS = 240;

  /** Rows of x, [ROWS, STRIDE] over depth. */
  final float[] x = new float[ROWS * STRIDE];

  /** Sums, [ROWS, STRIDE] over columns. */
  final float[] y = new float[ROWS * STRIDE];

  /** Panels of the weight, depth up to STRIDE times columns up to STRIDE. */
  final float[] panels = new float[STRIDE * STRIDE];

  /** Sums over tokens so far, [ROWS, STRIDE]; also rows of a weight before their transposition. */
  final float[] total = new float[ROWS * STRIDE];

  final float[] line = new float[STRIDE];
  final float[] scale = new float[STRIDE];
  final float[] bias = new float[STRIDE];
  final short[] halves = new short[STRIDE];
  final byte[] bytes = new byte[STRIDE];

  static long bytes() {
    return 4L * (3L * ROWS * STRIDE + (long) STRIDE * STRIDE + 3L * STRIDE) + 3L * STRIDE;
  }
}
