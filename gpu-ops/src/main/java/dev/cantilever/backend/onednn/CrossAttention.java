package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * Attention of rows to other rows on the CPU, in the arithmetic of attention to themselves. Work is
 * split by (row, key head).
 */
final class CrossAttention {

  private static final long FLOAT = Float.BYTES;

  private static final Rotary UNROTATED = new Rotary(RotarySpec.NONE);

  private final Workers workers;
  private final AttentionHead[] heads;
  private final AttentionHeadGradient[] gradients;

  /**
   * Makes the operations.
   *
   * @param heads scratch of each worker
   * @param gradients the same for going backward
   */
  CrossAttention(Workers workers, AttentionHead[] heads, AttentionHeadGradient[] gradients) {
    this.workers = workers;
    this.heads = heads;
    this.gradients = gradients;
  }

  void attend(
      Tensor out,
      Tensor lse,
      Tensor queries,
      Tensor keysValues,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    long stride = 2 * spec.cacheSize() * FLOAT;
    parallel(
        rows,
        spec,
        (row, kvHead, worker) -> {
          AttentionHead head = heads[worker];
          int seen = keyRows.length(row);
          long keys = keysValues.address() + keyRows.start(row) * stride + column(kvHead, spec);
          head.ensure(rows.length(row), seen, spec.headSize());
          head.readKeys(keys, keys + spec.cacheSize() * FLOAT, stride, seen, spec.headSize());
          attend(head, out, lse.address(), queries, rows, row, kvHead, seen, spec);
        });
  }

  void attendCached(
      Tensor out,
      Tensor queries,
      KvPages cache,
      Tensor slots,
      PackedRows rows,
      AttentionSpec spec) {
    CacheRow[] places = CacheRow.filled("crossAttentionCached", cache, slots);
    parallel(
        rows,
        spec,
        (row, kvHead, worker) -> {
          AttentionHead head = heads[worker];
          CacheRow place = places[row];
          int seen = place.tokens();
          long column = column(kvHead, spec);
          head.ensure(rows.length(row), seen, spec.headSize());
          for (int t = 0; t < seen; t++) {
            head.readKey(t, place.key(t) + column, place.value(t) + column, spec.headSize());
          }
          head.transposeKeys(seen, spec.headSize());
          attend(head, out, 0, queries, rows, row, kvHead, seen, spec);
        });
  }

  /** Of the query heads that share a key head, to the keys that {@code head} has read. */
  private static void attend(
      AttentionHead head,
      Tensor out,
      long lse,
      Tensor queries,
      PackedRows rows,
      int row,
      int kvHead,
      int seen,
      AttentionSpec spec) {
    long stride = spec.outputSize() * FLOAT;
    long lseStride = spec.heads() * FLOAT;
    int group = spec.heads() / spec.kvHeads();
    for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
      long at = rows.start(row) * stride + column(h, spec);
      head.readQueries(queries.address() + at, stride, rows.length(row), 0, spec, UNROTATED);
      head.attend(
          out.address() + at,
          stride,
          lse == 0 ? 0 : lse + rows.start(row) * lseStride + h * FLOAT,
          lseStride,
          rows.length(row),
          0,
          seen,
          h,
          spec);
    }
  }

  void backward(
      Tensor dQueries,
      Tensor dKeysValues,
      Tensor dOut,
      Tensor queries,
      Tensor keysValues,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    int size = spec.headSize();
    long stride = spec.outputSize() * FLOAT;
    long lseStride = spec.heads() * FLOAT;
    long keyStride = 2 * spec.cacheSize() * FLOAT;
    long toValues = spec.cacheSize() * FLOAT;
    int group = spec.heads() / spec.kvHeads();
    parallel(
        rows,
        spec,
        (row, kvHead, worker) -> {
          AttentionHeadGradient gradient = gradients[worker];
          int count = rows.length(row);
          int seen = keyRows.length(row);
          long keys = keyRows.start(row) * keyStride + column(kvHead, spec);
          long from = keysValues.address() + keys;
          long to = dKeysValues.address() + keys;
          gradient.ensure(count, seen, size);
          gradient.begin(from, from + toValues, keyStride, seen, size, UNROTATED);
          for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
            long at = rows.start(row) * stride + column(h, spec);
            gradient.query(
                dQueries.address() + at,
                queries.address() + at,
                stride,
                dOut.address() + at,
                out.address() + at,
                stride,
                lse.address() + rows.start(row) * lseStride + h * FLOAT,
                lseStride,
                count,
                seen,
                h,
                spec,
                UNROTATED);
          }
          gradient.end(to, to + toValues, keyStride, seen, size, UNROTATED);
        });
  }

  /** Writes what is new to its places. */
  void append(KvPages cache, Tensor keysValues, NewTokens tokens, AttentionSpec spec) {
    int[] places = new int[tokens.rows().tokens()];
    HostMemory.get(tokens.places().address(), places, 0, places.length);
    long bytes = spec.cacheSize() * FLOAT;
    long count = cache.keys().dim(0) * cache.pageTokens();
    for (int token = 0; token < places.length; token++) {
      if (places[token] < 0 || places[token] >= count) {
        throw new ShapeException(
            "appendKeys: expected places in [0, %d), got %d for token %d. Place the tokens before."
                .formatted(count, places[token], token));
      }
      long from = keysValues.address() + token * 2 * bytes;
      HostMemory.copy(cache.keys().address() + places[token] * bytes, from, bytes);
      HostMemory.copy(cache.values().address() + places[token] * bytes, from + bytes, bytes);
    }
  }

  /** What is done for each row and key head by one of the workers. */
  private interface HeadTask {
    void run(int row, int kvHead, int worker);
  }

  private void parallel(PackedRows rows, AttentionSpec spec, HeadTask work) {
    workers.parallel(
        rows.rows() * spec.kvHeads(),
        (task, worker) -> work.run(task / spec.kvHeads(), task % spec.kvHeads(), worker));
  }

  private static long column(int head, AttentionSpec spec) {
    return head * spec.headSize() * FLOAT;
  }
}
