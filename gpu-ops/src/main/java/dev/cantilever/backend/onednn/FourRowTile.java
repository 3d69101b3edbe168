package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.Tile.LANES;
import static dev.cantilever.backend.onednn.Tile.SPECIES;
import static dev.cantilever.backend.onednn.Tile.STRIDE;
import static dev.cantilever.backend.onednn.Tile.WIDTH;

import jdk.incubator.vector.FloatVector;

/** The inner loop over 4 rows: 8 accumulators, for the 16 registers of AVX2. See {@link Tile}. */
final class FourRowTile {
  /*
   * Not six rows, though 12 accumulators would fit: the compiler loads all rows' factors before the
   * first multiply-add, runs out of registers and keeps accumulators on the stack. GFLOP/s of one
   * thread that would make 118 at most: six rows 47, five 43, four 100.
   */
  static final int ROWS = 4;

  private FourRowTile() {}

  /** A tile two vectors wide. */
  static void two(float[] x, int xo, float[] w, int wo, int depth, float[] y, int yo) {
    FloatVector c0a = FloatVector.fromArray(SPECIES, y, yo + 0 * STRIDE);
    FloatVector c0b = FloatVector.fromArray(SPECIES, y, yo + 0 * STRIDE + LANES);
    FloatVector c1a = FloatVector.fromArray(SPECIES, y, yo + 1 * STRIDE);
    FloatVector c1b = FloatVector.fromArray(SPECIES, y, yo + 1 * STRIDE + LANES);
    FloatVector c2a = FloatVector.fromArray(SPECIES, y, yo + 2 * STRIDE);
    FloatVector c2b = FloatVector.fromArray(SPECIES, y, yo + 2 * STRIDE + LANES);
    FloatVector c3a = FloatVector.fromArray(SPECIES, y, yo + 3 * STRIDE);
    FloatVector c3b = FloatVector.fromArray(SPECIES, y, yo + 3 * STRIDE + LANES);
    for (int k = 0; k < depth; k++) {
      FloatVector a = FloatVector.fromArray(SPECIES, w, wo + k * WIDTH);
      FloatVector b = FloatVector.fromArray(SPECIES, w, wo + k * WIDTH + LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[xo + k + 0 * STRIDE]);
      c0a = x0.fma(a, c0a);
      c0b = x0.fma(b, c0b);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[xo + k + 1 * STRIDE]);
      c1a = x1.fma(a, c1a);
      c1b = x1.fma(b, c1b);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[xo + k + 2 * STRIDE]);
      c2a = x2.fma(a, c2a);
      c2b = x2.fma(b, c2b);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[xo + k + 3 * STRIDE]);
      c3a = x3.fma(a, c3a);
      c3b = x3.fma(b, c3b);
    }
    c0a.intoArray(y, yo + 0 * STRIDE);
    c0b.intoArray(y, yo + 0 * STRIDE + LANES);
    c1a.intoArray(y, yo + 1 * STRIDE);
    c1b.intoArray(y, yo + 1 * STRIDE + LANES);
    c2a.intoArray(y, yo + 2 * STRIDE);
    c2b.intoArray(y, yo + 2 * STRIDE + LANES);
    c3a.intoArray(y, yo + 3 * STRIDE);
    c3b.intoArray(y, yo + 3 * STRIDE + LANES);
  }

  /** A tile one vector wide. */
  static void one(float[] x, int xo, float[] w, int wo, int depth, float[] y, int yo) {
    FloatVector c0a = FloatVector.fromArray(SPECIES, y, yo + 0 * STRIDE);
    FloatVector c1a = FloatVector.fromArray(SPECIES, y, yo + 1 * STRIDE);
    FloatVector c2a = FloatVector.fromArray(SPECIES, y, yo + 2 * STRIDE);
    FloatVector c3a = FloatVector.fromArray(SPECIES, y, yo + 3 * STRIDE);
    for (int k = 0; k < depth; k++) {
      FloatVector a = FloatVector.fromArray(SPECIES, w, wo + k * LANES);
      FloatVector x0 = FloatVector.broadcast(SPECIES, x[xo + k + 0 * STRIDE]);
      c0a = x0.fma(a, c0a);
      FloatVector x1 = FloatVector.broadcast(SPECIES, x[xo + k + 1 * STRIDE]);
      c1a = x1.fma(a, c1a);
      FloatVector x2 = FloatVector.broadcast(SPECIES, x[xo + k + 2 * STRIDE]);
      c2a = x2.fma(a, c2a);
      FloatVector x3 = FloatVector.broadcast(SPECIES, x[xo + k + 3 * STRIDE]);
      c3a = x3.fma(a, c3a);
    }
    c0a.intoArray(y, yo + 0 * STRIDE);
    c1a.intoArray(y, yo + 1 * STRIDE);
    c2a.intoArray(y, yo + 2 * STRIDE);
    c3a.intoArray(y, yo + 3 * STRIDE);
  }
}
