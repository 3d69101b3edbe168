package dev.cantilever.backend.onednn;

import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;

/**
 * One worker's scratch and the arithmetic of one head of one row of disentangled attention.
 *
 * <p>A score is (q·k + q·kr) + k·qr, each a chain in ascending dimension, times the scale; what
 * follows is as in {@link AttentionHead}. Bits of a token's output depend on its row alone.
 */
final class DisentangledHead {
  /*
   * Distances of a row lie between places `first` and `first + used`, so products are made with the
   * vectors of these alone: of the keys with all of them at once, [T, Up], of four queries at a time.
   */

  private float[] queries = {}; // [T, Dp]
  private float[] keys = {}; // [T, Dp]
  private float[] keysT = {}; // [D, Tp]
  private float[] values = {}; // [T, Dp]
  private float[] vectors = {}; // [U, Dp], keys of positions, then their queries
  private float[] positionKeysT = {}; // [D, Up]
  private float[] positionQueriesT = {}; // [D, Up]
  private float[] ofQueries = {}; // [4, Up]
  private float[] ofKeys = {}; // [T, Up]
  private float[] scores = {}; // [4, Tp]
  private float[] sums = {}; // [4, Dp]
  private int[] places = {}; // [2T − 1], less `first`
  private int first;
  private int used; // U

  /**
   * Attends from every token of a row to every token of it.
   *
   * @param ofDistances the rows of {@code positions} for distances −M to M
   * @param start first token of the row
   * @param count T
   */
  void attend(
      Tensor out,
      Tensor qkv,
      Tensor positions,
      int[] ofDistances,
      int start,
      int count,
      int head,
      DisentangledSpec spec) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    long stride = (long) Float.BYTES * spec.projectionSize();
    long part = (long) Float.BYTES * spec.outputSize();
    long query = qkv.address() + start * stride + (long) Float.BYTES * head * size;
    queries = read(queries, query, stride, count, size);
    keys = read(keys, query + part, stride, count, size);
    values = read(values, query + 2 * part, stride, count, size);
    keysT = AttentionHead.grown(keysT, size * HeadProduct.padded(count));
    AttentionHead.transpose(keysT, keys, count, size);
    takePlaces(ofDistances, count);
    int columns = HeadProduct.padded(used);
    if (spec.positionKeys().isPresent()) {
      int column = spec.positionKeys().getAsInt() + head * size;
      positionKeysT = transposed(positionKeysT, positions, column, size);
    }
    if (spec.positionQueries().isPresent()) {
      int column = spec.positionQueries().getAsInt() + head * size;
      positionQueriesT = transposed(positionQueriesT, positions, column, size);
      ofKeys = AttentionHead.grown(ofKeys, count * columns);
      Arrays.fill(ofKeys, 0, count * columns, 0);
      HeadProduct.add(
          ofKeys,
          0,
          columns,
          keys,
          0,
          width,
          1,
          positionQueriesT,
          0,
          columns,
          count,
          columns,
          0,
          size);
    }
    for (int i = 0; i < count; i += HeadProduct.ROWS) {
      int rows = Math.min(HeadProduct.ROWS, count - i);
      score(i, rows, count, spec);
      for (int r = 0; r < rows; r++) {
        long to = out.address() + (start + i + r) * part + (long) Float.BYTES * head * size;
        HostMemory.put(to, sums, r * width, size);
      }
    }
  }

  private static float[] read(float[] array, long address, long stride, int count, int size) {
    int width = HeadProduct.padded(size);
    float[] to = AttentionHead.grown(array, count * width);
    for (int t = 0; t < count; t++) {
      HostMemory.get(address + t * stride, to, t * width, size);
    }
    return to;
  }

  /** The places of the row's distances, from −(T − 1) on, and the range that they lie in. */
  private void takePlaces(int[] ofDistances, int count) {
    int farthest = ofDistances.length / 2;
    if (places.length < 2 * count - 1) {
      places = new int[2 * count - 1];
    }
    first = Integer.MAX_VALUE;
    int last = 0;
    for (int d = 1 - count; d < count; d++) {
      int place = ofDistances[Math.max(-farthest, Math.min(d, farthest)) + farthest];
      places[d + count - 1] = place;
      first = Math.min(first, place);
      last = Math.max(last, place);
    }
    for (int d = 0; d < 2 * count - 1; d++) {
      places[d] -= first;
    }
    used = last - first + 1;
  }

  private float[] transposed(float[] array, Tensor positions, int column, int size) {
    long stride = (long) Float.BYTES * positions.size(1);
    long address = positions.address() + first * stride + (long) Float.BYTES * column;
    vectors = read(vectors, address, stride, used, size);
    float[] to = AttentionHead.grown(array, size * HeadProduct.padded(used));
    AttentionHead.transpose(to, vectors, used, size);
    return to;
  }

  /** Leaves the outputs of four queries in {@code sums}. */
  private void score(int query, int rows, int count, DisentangledSpec spec) {
    int size = spec.headSize();
    int width = HeadProduct.padded(size);
    int span = HeadProduct.padded(count);
    int columns = HeadProduct.padded(used);
    scores = cleared(scores, rows * span);
    HeadProduct.add(
        scores, 0, span, queries, query * width, width, 1, keysT, 0, span, rows, span, 0, size);
    if (spec.positionKeys().isPresent()) {
      ofQueries = cleared(ofQueries, rows * columns);
      HeadProduct.add(
          ofQueries,
          0,
          columns,
          queries,
          query * width,
          width,
          1,
          positionKeysT,
          0,
          columns,
          rows,
          columns,
          0,
          size);
    }
    sums = cleared(sums, rows * width);
    for (int r = 0; r < rows; r++) {
      addPositions(r, query + r, count, spec);
    }
    float[] totals = new float[rows];
    for (int r = 0; r < rows; r++) {
      int at = r * span;
      Arrays.fill(scores, at + count, at + span, Float.NEGATIVE_INFINITY);
      float max = VectorMath.max(scores, at, span);
      totals[r] = VectorMath.expSum(scores, at, scores, at, span, max, 1);
    }
    HeadProduct.add(sums, 0, width, scores, 0, span, 1, values, 0, width, rows, width, 0, count);
    for (int r = 0; r < rows; r++) {
      float inverse = 1 / totals[r];
      for (int d = r * width; d < r * width + size; d++) {
        sums[d] *= inverse;
      }
    }
  }

  private void addPositions(int r, int query, int count, DisentangledSpec spec) {
    int at = r * HeadProduct.padded(count);
    int columns = HeadProduct.padded(used);
    boolean toPositions = spec.positionKeys().isPresent();
    boolean fromPositions = spec.positionQueries().isPresent();
    for (int s = 0; s < count; s++) {
      int place = places[query - s + count - 1];
      float score = scores[at + s];
      if (toPositions) {
        score += ofQueries[r * columns + place];
      }
      if (fromPositions) {
        score += ofKeys[s * columns + place];
      }
      scores[at + s] = score * spec.scale();
    }
  }

  private static float[] cleared(float[] array, int size) {
    float[] to = AttentionHead.grown(array, size);
    Arrays.fill(to, 0, size, 0);
    return to;
  }
}
