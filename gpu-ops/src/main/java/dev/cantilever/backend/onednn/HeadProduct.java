package dev.cantilever.backend.onednn;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * The small products inside one attention head: c[i, j] += Σ_k a[i, k]·b[k, j].
 *
 * <p>Each element of c is one chain of fused multiply-adds in ascending k that starts from what c
 * held, so its bits depend neither on the other rows and columns nor on the width of the machine's
 * vectors, and a sum may be continued by a second call.
 */
final class HeadProduct {
  /*
   * The matrices are a few kilobytes and lie in the first-level cache: no packing, registers only.
   * Four rows by two vectors are eight independent chains, which hides the latency of the
   * multiply-add; a single row (a decode step) takes four vectors at a time instead. a is read by
   * two strides, so that its transpose costs nothing.
   */

  private static final VectorSpecies<Float> S = VectorMath.FLOATS;
  private static final int WIDTH = S.length();

  /** Rows of c worked on at once. */
  static final int ROWS = 4;

  private HeadProduct() {}

  /** Columns that a buffer of {@code columns} needs so that whole vectors may be used. */
  static int padded(int columns) {
    return (columns + VectorMath.LANES - 1) & -VectorMath.LANES;
  }

  /**
   * Adds a·b to c over k in {@code [from, to)}.
   *
   * @param c the sums; row i begins at {@code cAt + i·cRow}
   * @param a the factors; element (i, k) lies at {@code aAt + i·aRow + k·aColumn}
   * @param b the vectors; row k begins at {@code bAt + k·bRow}
   * @param rows rows of c
   * @param columns columns of c and b, a multiple of {@link VectorMath#LANES}
   */
  static void add(
      float[] c,
      int cAt,
      int cRow,
      float[] a,
      int aAt,
      int aRow,
      int aColumn,
      float[] b,
      int bAt,
      int bRow,
      int rows,
      int columns,
      int from,
      int to) {
    if (from >= to) {
      return;
    }
    int ak = aAt + from * aColumn;
    int bk = bAt + from * bRow;
    int depth = to - from;
    int i = 0;
    for (; i + ROWS <= rows; i += ROWS) {
      int ci = cAt + i * cRow;
      int ai = ak + i * aRow;
      int j = 0;
      for (; j + 2 * WIDTH <= columns; j += 2 * WIDTH) {
        fourByTwo(c, ci + j, cRow, a, ai, aRow, aColumn, b, bk + j, bRow, depth);
      }
      if (j < columns) {
        fourByOne(c, ci + j, cRow, a, ai, aRow, aColumn, b, bk + j, bRow, depth);
      }
    }
    for (; i < rows; i++) {
      int ci = cAt + i * cRow;
      int ai = ak + i * aRow;
      int j = 0;
      for (; j + 4 * WIDTH <= columns; j += 4 * WIDTH) {
        oneByFour(c, ci + j, a, ai, aColumn, b, bk + j, bRow, depth);
      }
      for (; j < columns; j += WIDTH) {
        oneByOne(c, ci + j, a, ai, aColumn, b, bk + j, bRow, depth);
      }
    }
  }

  private static FloatVector load(float[] x, int at) {
    return FloatVector.fromArray(S, x, at);
  }

  private static FloatVector broadcast(float x) {
    return FloatVector.broadcast(S, x);
  }

  private static void fourByTwo(
      float[] c,
      int ci,
      int cRow,
      float[] a,
      int ai,
      int aRow,
      int aColumn,
      float[] b,
      int bk,
      int bRow,
      int depth) {
    int c1 = ci + cRow;
    int c2 = c1 + cRow;
    int c3 = c2 + cRow;
    int a1 = ai + aRow;
    int a2 = a1 + aRow;
    int a3 = a2 + aRow;
    FloatVector s00 = load(c, ci);
    FloatVector s01 = load(c, ci + WIDTH);
    FloatVector s10 = load(c, c1);
    FloatVector s11 = load(c, c1 + WIDTH);
    FloatVector s20 = load(c, c2);
    FloatVector s21 = load(c, c2 + WIDTH);
    FloatVector s30 = load(c, c3);
    FloatVector s31 = load(c, c3 + WIDTH);
    int ak = 0;
    int bAt = bk;
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = load(b, bAt);
      FloatVector b1 = load(b, bAt + WIDTH);
      FloatVector x0 = broadcast(a[ai + ak]);
      s00 = x0.fma(b0, s00);
      s01 = x0.fma(b1, s01);
      FloatVector x1 = broadcast(a[a1 + ak]);
      s10 = x1.fma(b0, s10);
      s11 = x1.fma(b1, s11);
      FloatVector x2 = broadcast(a[a2 + ak]);
      s20 = x2.fma(b0, s20);
      s21 = x2.fma(b1, s21);
      FloatVector x3 = broadcast(a[a3 + ak]);
      s30 = x3.fma(b0, s30);
      s31 = x3.fma(b1, s31);
      ak += aColumn;
      bAt += bRow;
    }
    s00.intoArray(c, ci);
    s01.intoArray(c, ci + WIDTH);
    s10.intoArray(c, c1);
    s11.intoArray(c, c1 + WIDTH);
    s20.intoArray(c, c2);
    s21.intoArray(c, c2 + WIDTH);
    s30.intoArray(c, c3);
    s31.intoArray(c, c3 + WIDTH);
  }

  private static void fourByOne(
      float[] c,
      int ci,
      int cRow,
      float[] a,
      int ai,
      int aRow,
      int aColumn,
      float[] b,
      int bk,
      int bRow,
      int depth) {
    int c1 = ci + cRow;
    int c2 = c1 + cRow;
    int c3 = c2 + cRow;
    int a1 = ai + aRow;
    int a2 = a1 + aRow;
    int a3 = a2 + aRow;
    FloatVector s0 = load(c, ci);
    FloatVector s1 = load(c, c1);
    FloatVector s2 = load(c, c2);
    FloatVector s3 = load(c, c3);
    int ak = 0;
    int bAt = bk;
    for (int k = 0; k < depth; k++) {
      FloatVector b0 = load(b, bAt);
      s0 = broadcast(a[ai + ak]).fma(b0, s0);
      s1 = broadcast(a[a1 + ak]).fma(b0, s1);
      s2 = broadcast(a[a2 + ak]).fma(b0, s2);
      s3 = broadcast(a[a3 + ak]).fma(b0, s3);
      ak += aColumn;
      bAt += bRow;
    }
    s0.intoArray(c, ci);
    s1.intoArray(c, c1);
    s2.intoArray(c, c2);
    s3.intoArray(c, c3);
  }

  private static void oneByFour(
      float[] c, int ci, float[] a, int ai, int aColumn, float[] b, int bk, int bRow, int depth) {
    FloatVector s0 = load(c, ci);
    FloatVector s1 = load(c, ci + WIDTH);
    FloatVector s2 = load(c, ci + 2 * WIDTH);
    FloatVector s3 = load(c, ci + 3 * WIDTH);
    int ak = ai;
    int bAt = bk;
    for (int k = 0; k < depth; k++) {
      FloatVector x = broadcast(a[ak]);
      s0 = x.fma(load(b, bAt), s0);
      s1 = x.fma(load(b, bAt + WIDTH), s1);
      s2 = x.fma(load(b, bAt + 2 * WIDTH), s2);
      s3 = x.fma(load(b, bAt + 3 * WIDTH), s3);
      ak += aColumn;
      bAt += bRow;
    }
    s0.intoArray(c, ci);
    s1.intoArray(c, ci + WIDTH);
    s2.intoArray(c, ci + 2 * WIDTH);
    s3.intoArray(c, ci + 3 * WIDTH);
  }

  private static void oneByOne(
      float[] c, int ci, float[] a, int ai, int aColumn, float[] b, int bk, int bRow, int depth) {
    FloatVector s = load(c, ci);
    int ak = ai;
    int bAt = bk;
    for (int k = 0; k < depth; k++) {
      s = broadcast(a[ak]).fma(load(b, bAt), s);
      ak += aColumn;
      bAt += bRow;
    }
    s.intoArray(c, ci);
  }
}
