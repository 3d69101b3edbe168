package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.memory.HostMemory;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * One worker's scratch and the backward arithmetic of one key head of a row of T queries and one of
 * S keys, which are the same row's where it attends to itself. With P the probabilities, recomputed
 * from the log-sum-exp, and O the output:
 *
 * <p>dP = dO·Vᵀ, dS = P∘(dP − rowsum(dO∘O))∘S′, dQ = dS·K, dK = dSᵀ·Q, dV = Pᵀ·dO, S′ being the
 * derivative of what happens to the scores.
 *
 * <p>Every sum over tokens ascends.
 */
final class AttentionHeadGradient {
  /*
   * Query tokens are taken in blocks of 32, so that the scores in existence are [32, S] whatever
   * the length of the row; dK and dV continue their sums from block to block. The scale sits on the
   * queries, as in the forward pass, and once more on dQ.
   */
  private static final int BLOCK = 32;

  private float[] queries = {}; // [T, Dp]
  private float[] keys = {}; // [S, Dp]
  private float[] keysT = {}; // [D, Sp]
  private float[] values = {}; // [S, Dp]
  private float[] valuesT = {}; // [D, Sp]
  private float[] outputs = {}; // [T, Dp]
  private float[] dOutputs = {}; // [T, Dp]
  private float[] probabilities = {}; // [32, Sp]
  private float[] dScores = {}; // [32, Sp]
  private float[] dQueries = {}; // [4, Dp]
  private float[] dKeys = {}; // [S, Dp]
  private float[] dValues = {}; // [S, Dp]
  private final ScoreChanges changes = new ScoreChanges();

  /** Grows the scratch for {@code tokens} queries of {@code size} over {@code seen} keys. */
  void ensure(int tokens, int seen, int size) {
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(seen);
    queries = AttentionHead.grown(queries, tokens * width);
    keys = AttentionHead.grown(keys, seen * width);
    keysT = AttentionHead.grown(keysT, size * span);
    values = AttentionHead.grown(values, seen * width);
    valuesT = AttentionHead.grown(valuesT, size * span);
    outputs = AttentionHead.grown(outputs, tokens * width);
    dOutputs = AttentionHead.grown(dOutputs, tokens * width);
    probabilities = AttentionHead.grown(probabilities, BLOCK * span);
    dScores = AttentionHead.grown(dScores, BLOCK * span);
    changes.ensure(span);
    dQueries = AttentionHead.grown(dQueries, HeadProduct.ROWS * width);
    dKeys = AttentionHead.grown(dKeys, seen * width);
    dValues = AttentionHead.grown(dValues, seen * width);
  }

  /**
   * Reads the keys and values of a row and sets their gradients to zero.
   *
   * @param stride bytes from one token's projection to the next
   */
  void begin(long key, long value, long stride, int count, int size, Rotary rotary) {
    int width = HeadProduct.padded(size);
    for (int t = 0; t < count; t++) {
      HostMemory.get(key + t * stride, keys, t * width, size);
      HostMemory.get(value + t * stride, values, t * width, size);
      rotary.rotate(keys, t * width, t);
    }
    AttentionHead.transpose(keysT, keys, count, size);
    AttentionHead.transpose(valuesT, values, count, size);
    Arrays.fill(dKeys, 0, count * width, 0);
    Arrays.fill(dValues, 0, count * width, 0);
  }

  /** Writes the gradients of the keys and values of a row. */
  void end(long dKey, long dValue, long stride, int count, int size, Rotary rotary) {
    int width = HeadProduct.padded(size);
    for (int t = 0; t < count; t++) {
      rotary.unrotate(dKeys, t * width, t);
      HostMemory.put(dKey + t * stride, dKeys, t * width, size);
      HostMemory.put(dValue + t * stride, dValues, t * width, size);
    }
  }

  /**
   * Goes back through one query head: writes dQ and adds to the gradients of keys and values.
   *
   * @param dQuery where the gradient of the first query goes, {@code stride} bytes apart
   * @param query the first query, {@code stride} bytes apart
   * @param dOut gradient of the first output, {@code outStride} bytes apart, like {@code out}
   * @param lse the first log-sum-exp, {@code lseStride} bytes apart
   * @param count how many queries
   * @param seen how many keys
   * @param h which query head
   */
  void query(
      long dQuery,
      long query,
      long stride,
      long dOut,
      long out,
      long outStride,
      long lse,
      long lseStride,
      int count,
      int seen,
      int h,
      AttentionSpec spec,
      Rotary rotary) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    AttentionHead.readQueries(queries, query, stride, count, 0, spec, rotary);
    for (int t = 0; t < count; t++) {
      HostMemory.get(dOut + t * outStride, dOutputs, t * width, size);
      HostMemory.get(out + t * outStride, outputs, t * width, size);
    }
    for (int block = 0; block < count; block += BLOCK) {
      int end = Math.min(block + BLOCK, count);
      for (int i = block; i < end; i += HeadProduct.ROWS) {
        int rows = Math.min(HeadProduct.ROWS, end - i);
        scoreGradients(i, i - block, rows, lse, lseStride, seen, h, spec);
        queryGradients(i, i - block, rows, dQuery, stride, seen, spec, rotary);
      }
      keyGradients(block, end, seen, spec);
    }
  }

  /** Computes P and dS of up to four tokens from {@code token} on, rows {@code row} of a block. */
  private void scoreGradients(
      int token, int row, int rows, long lse, long lseStride, int seen, int h, AttentionSpec spec) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(seen);
    int low = AttentionHead.firstLane(token, spec);
    int columns = HeadProduct.padded(spec.endOfKeys(token + rows - 1, seen)) - low;
    for (int r = row; r < row + rows; r++) {
      int at = r * span + low;
      Arrays.fill(probabilities, at, at + columns, 0);
      Arrays.fill(dScores, at, at + columns, 0);
    }
    HeadProduct.add(
        probabilities,
        row * span + low,
        span,
        queries,
        token * width,
        width,
        1,
        keysT,
        low,
        span,
        rows,
        columns,
        0,
        size);
    HeadProduct.add(
        dScores,
        row * span + low,
        span,
        dOutputs,
        token * width,
        width,
        1,
        valuesT,
        low,
        span,
        rows,
        columns,
        0,
        size);
    for (int r = 0; r < rows; r++) {
      int at = (row + r) * span + low;
      int first = at + spec.firstKey(token + r) - low;
      int end = at + spec.endOfKeys(token + r, seen) - low;
      changes.apply(probabilities, at, columns, low - (token + r), h, spec.scores());
      Arrays.fill(probabilities, at, first, Float.NEGATIVE_INFINITY);
      Arrays.fill(probabilities, end, at + columns, Float.NEGATIVE_INFINITY);
      Arrays.fill(dScores, at, first, 0);
      Arrays.fill(dScores, end, at + columns, 0);
      float log = HostMemory.getFloat(lse + (token + r) * lseStride);
      float delta =
          VectorMath.dot(outputs, (token + r) * width, dOutputs, (token + r) * width, size);
      for (int s = 0; s < columns; s += VectorMath.FLOATS.length()) {
        FloatVector p =
            VectorMath.exp(
                FloatVector.fromArray(VectorMath.FLOATS, probabilities, at + s).sub(log));
        p.intoArray(probabilities, at + s);
        FloatVector dScore =
            p.mul(FloatVector.fromArray(VectorMath.FLOATS, dScores, at + s).sub(delta));
        if (spec.scores().isCapped()) {
          dScore = dScore.mul(FloatVector.fromArray(VectorMath.FLOATS, changes.derivatives(), s));
        }
        dScore.intoArray(dScores, at + s);
      }
    }
  }

  private void queryGradients(
      int token,
      int row,
      int rows,
      long dQuery,
      long stride,
      int seen,
      AttentionSpec spec,
      Rotary rotary) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(seen);
    int first = spec.firstKey(token);
    int end = spec.endOfKeys(token + rows - 1, seen);
    Arrays.fill(dQueries, 0, rows * width, 0);
    HeadProduct.add(
        dQueries, 0, width, dScores, row * span, span, 1, keys, 0, width, rows, width, first, end);
    for (int r = 0; r < rows; r++) {
      rotary.unrotate(dQueries, r * width, token + r);
      for (int d = r * width; d < r * width + size; d++) {
        dQueries[d] *= spec.scale();
      }
      HostMemory.put(dQuery + (token + r) * stride, dQueries, r * width, size);
    }
  }

  /** Adds what the tokens {@code [block, end)} contribute to the gradients of keys and values. */
  private void keyGradients(int block, int end, int seen, AttentionSpec spec) {
    int width = HeadProduct.padded(spec.headSize());
    int span = HeadProduct.padded(seen);
    int last = spec.endOfKeys(end - 1, seen);
    for (int s = spec.firstKey(block) & -HeadProduct.ROWS; s < last; s += HeadProduct.ROWS) {
      int rows = Math.min(HeadProduct.ROWS, last - s);
      int from = spec.causal() ? Math.max(0, s - block) : 0;
      int to = spec.scores().endOfTokens(s + rows - 1, end) - block;
      HeadProduct.add(
          dKeys,
          s * width,
          width,
          dScores,
          s,
          1,
          span,
          queries,
          block * width,
          width,
          rows,
          width,
          from,
          to);
      HeadProduct.add(
          dValues,
          s * width,
          width,
          probabilities,
          s,
          1,
          span,
          dOutputs,
          block * width,
          width,
          rows,
          width,
          from,
          to);
    }
  }
}
