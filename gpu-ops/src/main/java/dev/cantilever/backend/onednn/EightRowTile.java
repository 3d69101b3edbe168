package dev.cantilever.backend.onednn;

import static dev.cantilever.backend.onednn.Tile.LANES;
import static dev.cantilever.backend.onednn.Tile.SPECIES;
import static dev.cantilever.backend.onednn.Tile.STRIDE;
import static dev.cantilever.backend.onednn.Tile.WIDTH;

import jdk.incubator.vector.FloatVector;

/**
 * The inner loop over 8 rows: 16 accumulators, for the 32 registers of AVX-512. See {@link Tile}.
 */
final class EightRowTile {
  static final int ROWS = 8;

  private EightRowTile() {}

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
    FloatVector c4a = FloatVector.fromArray(SPECIES, y, yo + 4 * STRIDE);
    FloatVector c4b = FloatVector.fromArray(SPECIES, y, yo + 4 * STRIDE + LANES);
    FloatVector c5a = FloatVector.fromArray(SPECIES, y, yo + 5 * STRIDE);
    FloatVector c5b = FloatVector.fromArray(SPECIES, y, yo + 5 * STRIDE + LANES);
    FloatVector c6a = FloatVector.fromArray(SPECIES, y, yo + 6 * STRIDE);
    FloatVector c6b = FloatVector.fromArray(SPECIES, y, yo + 6 * STRIDE + LANES);
    FloatVector c7a = FloatVector.fromArray(SPECIES, y, yo + 7 * STRIDE);
    FloatVector c7b = FloatVector.fromArray(SPECIES, y, yo + 7 * STRIDE + LANES);
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
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[xo + k + 4 * STRIDE]);
      c4a = x4.fma(a, c4a);
      c4b = x4.fma(b, c4b);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[xo + k + 5 * STRIDE]);
      c5a = x5.fma(a, c5a);
      c5b = x5.fma(b, c5b);
      FloatVector x6 = FloatVector.broadcast(SPECIES, x[xo + k + 6 * STRIDE]);
      c6a = x6.fma(a, c6a);
      c6b = x6.fma(b, c6b);
      FloatVector x7 = FloatVector.broadcast(SPECIES, x[xo + k + 7 * STRIDE]);
      c7a = x7.fma(a, c7a);
      c7b = x7.fma(b, c7b);
    }
    c0a.intoArray(y, yo + 0 * STRIDE);
    c0b.intoArray(y, yo + 0 * STRIDE + LANES);
    c1a.intoArray(y, yo + 1 * STRIDE);
    c1b.intoArray(y, yo + 1 * STRIDE + LANES);
    c2a.intoArray(y, yo + 2 * STRIDE);
    c2b.intoArray(y, yo + 2 * STRIDE + LANES);
    c3a.intoArray(y, yo + 3 * STRIDE);
    c3b.intoArray(y, yo + 3 * STRIDE + LANES);
    c4a.intoArray(y, yo + 4 * STRIDE);
    c4b.intoArray(y, yo + 4 * STRIDE + LANES);
    c5a.intoArray(y, yo + 5 * STRIDE);
    c5b.intoArray(y, yo + 5 * STRIDE + LANES);
    c6a.intoArray(y, yo + 6 * STRIDE);
    c6b.intoArray(y, yo + 6 * STRIDE + LANES);
    c7a.intoArray(y, yo + 7 * STRIDE);
    c7b.intoArray(y, yo + 7 * STRIDE + LANES);
  }

  /** A tile one vector wide. */
  static void one(float[] x, int xo, float[] w, int wo, int depth, float[] y, int yo) {
    FloatVector c0a = FloatVector.fromArray(SPECIES, y, yo + 0 * STRIDE);
    FloatVector c1a = FloatVector.fromArray(SPECIES, y, yo + 1 * STRIDE);
    FloatVector c2a = FloatVector.fromArray(SPECIES, y, yo + 2 * STRIDE);
    FloatVector c3a = FloatVector.fromArray(SPECIES, y, yo + 3 * STRIDE);
    FloatVector c4a = FloatVector.fromArray(SPECIES, y, yo + 4 * STRIDE);
    FloatVector c5a = FloatVector.fromArray(SPECIES, y, yo + 5 * STRIDE);
    FloatVector c6a = FloatVector.fromArray(SPECIES, y, yo + 6 * STRIDE);
    FloatVector c7a = FloatVector.fromArray(SPECIES, y, yo + 7 * STRIDE);
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
      FloatVector x4 = FloatVector.broadcast(SPECIES, x[xo + k + 4 * STRIDE]);
      c4a = x4.fma(a, c4a);
      FloatVector x5 = FloatVector.broadcast(SPECIES, x[xo + k + 5 * STRIDE]);
      c5a = x5.fma(a, c5a);
      FloatVector x6 = FloatVector.broadcast(SPECIES, x[xo + k + 6 * STRIDE]);
      c6a = x6.fma(a, c6a);
      FloatVector x7 = FloatVector.broadcast(SPECIES, x[xo + k + 7 * STRIDE]);
      c7a = x7.fma(a, c7a);
    }
    c0a.intoArray(y, yo + 0 * STRIDE);
    c1a.intoArray(y, yo + 1 * STRIDE);
    c2a.intoArray(y, yo + 2 * STRIDE);
    c3a.intoArray(y, yo + 3 * STRIDE);
    c4a.intoArray(y, yo + 4 * STRIDE);
    c5a.intoArray(y, yo + 5 * STRIDE);
    c6a.intoArray(y, yo + 6 * STRIDE);
    c7a.intoArray(y, yo + 7 * STRIDE);
  }
}
