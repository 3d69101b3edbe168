package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.memory.HostMemory;
import java.util.Arrays;

/**
 * One worker's scratch and the forward arithmetic of one key head of one row: rotated queries
 * against rotated keys, softmax, sum of values. Cached and uncached attention both end here, which
 * is why they agree to the bit.
 *
 * <p>Bits of a token's output depend on its query and on the keys and values it sees, in order.
 */
final class AttentionHead {
  /*
   * Keys lie transposed, [D, S], so that scores are computed for a vector of keys at a time with D
   * ascending, without a reduction across lanes. Scores exist for four queries at a time. Vectors
   * begin before the keys a token sees and run past them; the surplus is set to minus infinity and
   * becomes exact zeros, which change no sum. Sums over values begin and stop at the token's own
   * keys, so that not even a NaN outside of them can be felt.
   */

  private float[] queries = {}; // [T, Dp]
  private float[] keys = {}; // [S, Dp]
  private float[] keysT = {}; // [D, Sp]
  private float[] values = {}; // [S, Dp]
  private float[] scores = {}; // [4, Sp]
  private float[] sums = {}; // [4, Dp]
  private final ScoreChanges changes = new ScoreChanges();
  private final float[] totals = new float[HeadProduct.ROWS];
  private final float[] logs = new float[HeadProduct.ROWS];

  /** Grows the scratch for {@code tokens} queries of {@code size} over {@code seen} keys. */
  void ensure(int tokens, int seen, int size) {
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(seen);
    queries = grown(queries, tokens * width);
    keys = grown(keys, seen * width);
    keysT = grown(keysT, size * span);
    values = grown(values, seen * width);
    scores = grown(scores, HeadProduct.ROWS * span);
    changes.ensure(span);
    sums = grown(sums, HeadProduct.ROWS * width);
  }

  static float[] grown(float[] array, int size) {
    return array.length >= size ? array : new float[Math.max(size, 2 * array.length)];
  }

  /**
   * Reads {@code count} keys and values that lie {@code stride} bytes apart, and makes them ready
   * for {@link #attend}.
   */
  void readKeys(long keys, long values, long stride, int count, int size) {
    for (int t = 0; t < count; t++) {
      readKey(t, keys + t * stride, values + t * stride, size);
    }
    transposeKeys(count, size);
  }

  /** Reads the key and the value at two addresses as number {@code at}. */
  void readKey(int at, long key, long value, int size) {
    int width = HeadProduct.padded(size);
    HostMemory.get(key, keys, at * width, size);
    HostMemory.get(value, values, at * width, size);
  }

  /** Rotates the key at {@code at} to {@code position}. */
  void rotateKey(int at, int position, int size, Rotary rotary) {
    rotary.rotate(keys, at * HeadProduct.padded(size), position);
  }

  /** Writes the key and the value at {@code at}, as they stand, to a cache. */
  void writeKey(int at, long key, long value, int size) {
    int width = HeadProduct.padded(size);
    HostMemory.put(key, keys, at * width, size);
    HostMemory.put(value, values, at * width, size);
  }

  /** Makes the first {@code count} keys ready for {@link #attend}. */
  void transposeKeys(int count, int size) {
    transpose(keysT, keys, count, size);
  }

  /** to[D, Sp] = fromᵀ with from [S, Dp]. */
  static void transpose(float[] to, float[] from, int count, int size) {
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(count);
    for (int d = 0; d < size; d++) {
      for (int s = 0; s < count; s++) {
        to[d * span + s] = from[s * width + d];
      }
    }
  }

  /** Reads, rotates and scales {@code count} queries, {@code stride} bytes apart. */
  void readQueries(
      long address, long stride, int count, int firstPosition, AttentionSpec spec, Rotary rotary) {
    readQueries(queries, address, stride, count, firstPosition, spec, rotary);
  }

  static void readQueries(
      float[] to,
      long address,
      long stride,
      int count,
      int firstPosition,
      AttentionSpec spec,
      Rotary rotary) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    float scale = spec.scale();
    for (int t = 0; t < count; t++) {
      int at = t * width;
      HostMemory.get(address + t * stride, to, at, size);
      rotary.rotate(to, at, firstPosition + t);
      for (int d = at; d < at + size; d++) {
        to[d] *= scale;
      }
    }
  }

  /**
   * Attends from {@code count} queries to {@code seen} keys.
   *
   * @param out where the first query's output goes; the next is {@code outStride} bytes on
   * @param lse where the first log-sum-exp goes, {@code lseStride} bytes apart; 0 for nowhere
   * @param firstPosition position of the first query among the keys
   * @param h which query head
   */
  void attend(
      long out,
      long outStride,
      long lse,
      long lseStride,
      int count,
      int firstPosition,
      int seen,
      int h,
      AttentionSpec spec) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    for (int i = 0; i < count; i += HeadProduct.ROWS) {
      int rows = Math.min(HeadProduct.ROWS, count - i);
      softmax(i, rows, firstPosition + i, seen, h, spec);
      sumValues(rows, firstPosition + i, seen, spec);
      for (int r = 0; r < rows; r++) {
        float inverse = 1 / totals[r];
        for (int d = r * width; d < r * width + size; d++) {
          sums[d] *= inverse;
        }
        HostMemory.put(out + (i + r) * outStride, sums, r * width, size);
        if (lse != 0) {
          HostMemory.putFloat(lse + (i + r) * lseStride, logs[r]);
        }
      }
    }
  }

  /** The whole vectors of keys begin here in which a token at a position sees some. */
  static int firstLane(int position, AttentionSpec spec) {
    return spec.firstKey(position) & -VectorMath.LANES;
  }

  /** Fills scores with exponentials, totals with their sums, logs with the log-sum-exp. */
  private void softmax(int query, int rows, int position, int seen, int h, AttentionSpec spec) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(seen);
    int low = firstLane(position, spec);
    int columns = HeadProduct.padded(spec.endOfKeys(position + rows - 1, seen)) - low;
    for (int r = 0; r < rows; r++) {
      Arrays.fill(scores, r * span + low, r * span + low + columns, 0);
    }
    HeadProduct.add(
        scores,
        low,
        span,
        queries,
        query * width,
        width,
        1,
        keysT,
        low,
        span,
        rows,
        columns,
        0,
        size);
    for (int r = 0; r < rows; r++) {
      int at = r * span + low;
      int token = position + r;
      changes.apply(scores, at, columns, low - token, h, spec.scores());
      Arrays.fill(scores, at, at + spec.firstKey(token) - low, Float.NEGATIVE_INFINITY);
      Arrays.fill(
          scores, at + spec.endOfKeys(token, seen) - low, at + columns, Float.NEGATIVE_INFINITY);
      float max = VectorMath.max(scores, at, columns);
      totals[r] = VectorMath.expSum(scores, at, scores, at, columns, max, 1);
      logs[r] = (float) (max + Math.log(totals[r]));
    }
  }

  /** Of each row first the keys that the last does not see, then those of all, then the others. */
  private void sumValues(int rows, int position, int seen, AttentionSpec spec) {
    int width = HeadProduct.padded(spec.headSize());
    int ofAll = spec.endOfKeys(position, seen);
    int first = Math.min(spec.firstKey(position + rows - 1), ofAll);
    Arrays.fill(sums, 0, rows * width, 0);
    for (int r = 0; r < rows; r++) {
      addValues(r, 1, spec.firstKey(position + r), first, seen, width);
    }
    addValues(0, rows, first, ofAll, seen, width);
    for (int r = 1; r < rows; r++) {
      int from = Math.max(ofAll, spec.firstKey(position + r));
      addValues(r, 1, from, spec.endOfKeys(position + r, seen), seen, width);
    }
  }

  private void addValues(int row, int rows, int from, int to, int seen, int width) {
    int span = HeadProduct.padded(seen);
    HeadProduct.add(
        sums,
        row * width,
        width,
        scores,
        row * span,
        span,
        1,
        values,
        0,
        width,
        rows,
        width,
        from,
        to);
  }
}
