package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionChecks;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * Attention on the CPU. Work is split by (row, key head); a task handles the query heads that share
 * the key head.
 *
 * <p>Scratch is on the heap and belongs to a worker: some {@code 8·T·D} floats for the longest row
 * seen plus the scores of 4 (forward) or 32 (backward) tokens.
 */
final class OneDnnAttentionOps implements AttentionOps {

  private static final long FLOAT = Float.BYTES;

  private final Workers workers;
  private final AttentionHead[] heads;
  private final AttentionHeadGradient[] gradients;
  private final DisentangledHead[] disentangled;
  private final CrossAttention cross;
  private Rotary rotary = new Rotary(RotarySpec.NONE);

  /**
   * Makes the operations.
   *
   * @param workers threads to run on; the caller closes them
   */
  OneDnnAttentionOps(Workers workers) {
    this.workers = workers;
    heads = new AttentionHead[workers.count()];
    gradients = new AttentionHeadGradient[workers.count()];
    disentangled = new DisentangledHead[workers.count()];
    for (int w = 0; w < heads.length; w++) {
      heads[w] = new AttentionHead();
      gradients[w] = new AttentionHeadGradient();
      disentangled[w] = new DisentangledHead();
    }
    cross = new CrossAttention(workers, heads, gradients);
  }

  @Override
  public void attention(Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec) {
    AttentionChecks.attention(out, lse, qkv, rows, spec);
    Rotary table = rotary(spec, longest(rows));
    workers.parallel(
        rows.rows() * spec.kvHeads(),
        (task, worker) ->
            attend(
                heads[worker],
                out,
                lse,
                qkv,
                rows,
                task / spec.kvHeads(),
                task % spec.kvHeads(),
                spec,
                table));
  }

  private static void attend(
      AttentionHead head,
      Tensor out,
      Tensor lse,
      Tensor qkv,
      PackedRows rows,
      int row,
      int kvHead,
      AttentionSpec spec,
      Rotary table) {
    int size = spec.headSize();
    int count = rows.length(row);
    long stride = spec.projectionSize() * FLOAT;
    long base = qkv.address() + rows.start(row) * stride;
    head.ensure(count, count, size);
    for (int t = 0; t < count; t++) {
      long token = base + t * stride;
      head.readKey(
          t,
          token + spec.keyOffset(kvHead) * FLOAT,
          token + spec.valueOffset(kvHead) * FLOAT,
          size);
      head.rotateKey(t, t, size, table);
    }
    head.transposeKeys(count, size);
    long outStride = spec.outputSize() * FLOAT;
    long lseStride = spec.heads() * FLOAT;
    int group = spec.heads() / spec.kvHeads();
    for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
      head.readQueries(base + spec.queryOffset(h) * FLOAT, stride, count, 0, spec, table);
      head.attend(
          out.address() + rows.start(row) * outStride + h * size * FLOAT,
          outStride,
          lse.address() + rows.start(row) * lseStride + h * FLOAT,
          lseStride,
          count,
          0,
          count,
          h,
          spec);
    }
  }

  @Override
  public void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      AttentionSpec spec) {
    AttentionChecks.attentionBackward(dQkv, dOut, qkv, out, lse, rows, spec);
    Rotary table = rotary(spec, longest(rows));
    workers.parallel(
        rows.rows() * spec.kvHeads(),
        (task, worker) -> {
          int row = task / spec.kvHeads();
          int kvHead = task % spec.kvHeads();
          int count = rows.length(row);
          long stride = spec.projectionSize() * FLOAT;
          long at = rows.start(row) * stride;
          long key = spec.keyOffset(kvHead) * FLOAT;
          long value = spec.valueOffset(kvHead) * FLOAT;
          long from = qkv.address() + at;
          long to = dQkv.address() + at;
          AttentionHeadGradient gradient = gradients[worker];
          gradient.ensure(count, count, spec.headSize());
          gradient.begin(from + key, from + value, stride, count, spec.headSize(), table);
          int group = spec.heads() / spec.kvHeads();
          long outStride = spec.outputSize() * FLOAT;
          long lseStride = spec.heads() * FLOAT;
          for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
            long query = spec.queryOffset(h) * FLOAT;
            long output = rows.start(row) * outStride + h * spec.headSize() * FLOAT;
            gradient.query(
                to + query,
                from + query,
                stride,
                dOut.address() + output,
                out.address() + output,
                outStride,
                lse.address() + rows.start(row) * lseStride + h * FLOAT,
                lseStride,
                count,
                count,
                h,
                spec,
                table);
          }
          gradient.end(to + key, to + value, stride, count, spec.headSize(), table);
        });
  }

  @Override
  public void placeTokens(NewTokens tokens, KvPages cache, AttentionSpec spec) {
    AttentionChecks.placeTokens(tokens, cache, spec);
    CacheRow[] places = CacheRow.of("placeTokens", cache, tokens.slots(), tokens.rows());
    Rotary table = rotary(spec, most(places));
    for (int row = 0; row < places.length; row++) {
      CacheRow place = places[row];
      for (int t = place.cached(); t < place.tokens(); t++) {
        long token = (long) tokens.rows().start(row) + t - place.cached();
        HostMemory.putInt(tokens.places().address() + Integer.BYTES * token, place.place(t));
        table.write(tokens.turns().address() + FLOAT * spec.rotary().dims() * token, t);
      }
    }
  }

  private static int most(CacheRow[] places) {
    int most = 0;
    for (CacheRow place : places) {
      most = Math.max(most, place.tokens());
    }
    return most;
  }

  /** Looks places and angles up itself: unlike a GPU it reads lengths as cheaply as these. */
  @Override
  public void attentionCached(
      Tensor out, Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec) {
    AttentionChecks.attentionCached(out, qkv, cache, tokens, spec);
    requireF32("attentionCached", cache);
    PackedRows rows = tokens.rows();
    CacheRow[] places = CacheRow.of("attentionCached", cache, tokens.slots(), rows);
    Rotary table = rotary(spec, most(places));
    workers.parallel(
        rows.rows() * spec.kvHeads(),
        (task, worker) ->
            attendCached(
                heads[worker],
                out,
                qkv,
                places[task / spec.kvHeads()],
                rows.start(task / spec.kvHeads()),
                task % spec.kvHeads(),
                spec,
                table));
  }

  private static void requireF32(String op, KvPages cache) {
    if (cache.keys().dtype() != DType.F32) {
      throw new UnsupportedOpException(
          "%s: expected a KV cache of F32 on the CPU, got keys %s. Allocate it with the backend's cacheType."
              .formatted(op, cache.keys()));
    }
  }

  private static void attendCached(
      AttentionHead head,
      Tensor out,
      Tensor qkv,
      CacheRow place,
      int start,
      int kvHead,
      AttentionSpec spec,
      Rotary table) {
    int size = spec.headSize();
    int cached = place.cached();
    int seen = place.tokens();
    long stride = spec.projectionSize() * FLOAT;
    long base = qkv.address() + start * stride;
    long column = kvHead * size * FLOAT;
    head.ensure(seen - cached, seen, size);
    for (int t = 0; t < cached; t++) {
      head.readKey(t, place.key(t) + column, place.value(t) + column, size);
    }
    for (int t = cached; t < seen; t++) {
      long token = base + (t - cached) * stride;
      head.readKey(
          t,
          token + spec.keyOffset(kvHead) * FLOAT,
          token + spec.valueOffset(kvHead) * FLOAT,
          size);
      head.rotateKey(t, t, size, table);
      head.writeKey(t, place.key(t) + column, place.value(t) + column, size);
    }
    head.transposeKeys(seen, size);
    long outStride = spec.outputSize() * FLOAT;
    int group = spec.heads() / spec.kvHeads();
    for (int h = kvHead * group; h < (kvHead + 1) * group; h++) {
      head.readQueries(
          base + spec.queryOffset(h) * FLOAT, stride, seen - cached, cached, spec, table);
      head.attend(
          out.address() + start * outStride + h * size * FLOAT,
          outStride,
          0,
          0,
          seen - cached,
          cached,
          seen,
          h,
          spec);
    }
  }

  @Override
  public void advance(Tensor lengths, Tensor slots, PackedRows rows) {
    AttentionChecks.advance(lengths, slots, rows);
    int[] chosen = CacheRow.slots("advance", slots, lengths.size(0));
    for (int row = 0; row < chosen.length; row++) {
      long at = lengths.address() + (long) Integer.BYTES * chosen[row];
      HostMemory.putInt(at, Math.addExact(HostMemory.getInt(at), rows.length(row)));
    }
  }

  @Override
  public void crossAttention(
      Tensor out,
      Tensor lse,
      Tensor queries,
      Tensor keysValues,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    AttentionChecks.crossAttention(out, lse, queries, keysValues, rows, keyRows, spec);
    cross.attend(out, lse, queries, keysValues, rows, keyRows, spec);
  }

  @Override
  public void crossAttentionBackward(
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
    AttentionChecks.crossAttentionBackward(
        dQueries, dKeysValues, dOut, queries, keysValues, out, lse, rows, keyRows, spec);
    cross.backward(dQueries, dKeysValues, dOut, queries, keysValues, out, lse, rows, keyRows, spec);
  }

  @Override
  public void appendKeys(KvPages cache, Tensor keysValues, NewTokens tokens, AttentionSpec spec) {
    AttentionChecks.appendKeys(cache, keysValues, tokens, spec);
    requireF32("appendKeys", cache);
    cross.append(cache, keysValues, tokens, spec);
  }

  @Override
  public void crossAttentionCached(
      Tensor out,
      Tensor queries,
      KvPages cache,
      Tensor slots,
      PackedRows rows,
      AttentionSpec spec) {
    AttentionChecks.crossAttentionCached(out, queries, cache, slots, rows, spec);
    requireF32("crossAttentionCached", cache);
    cross.attendCached(out, queries, cache, slots, rows, spec);
  }

  @Override
  public void disentangledAttention(
      Tensor out,
      Tensor qkv,
      Tensor positions,
      Tensor places,
      PackedRows rows,
      DisentangledSpec spec) {
    AttentionChecks.disentangledAttention(out, qkv, positions, places, rows, spec);
    int[] ofDistances = new int[places.size(0)];
    HostMemory.get(places.address(), ofDistances, 0, ofDistances.length);
    for (int d = 0; d < ofDistances.length; d++) {
      if (ofDistances[d] < 0 || ofDistances[d] >= positions.size(0)) {
        throw OpChecks.indexOutOfRange(
            "disentangledAttention", positions.size(0), ofDistances[d], d);
      }
    }
    workers.parallel(
        rows.rows() * spec.heads(),
        (task, worker) ->
            disentangled[worker].attend(
                out,
                qkv,
                positions,
                ofDistances,
                rows.start(task / spec.heads()),
                rows.length(task / spec.heads()),
                task % spec.heads(),
                spec));
  }

  private Rotary rotary(AttentionSpec spec, int positions) {
    if (!rotary.is(spec.rotary())) {
      rotary = new Rotary(spec.rotary());
    }
    rotary.ensure(positions);
    return rotary;
  }

  private static int longest(PackedRows rows) {
    int longest = 0;
    for (int row = 0; row < rows.rows(); row++) {
      longest = Math.max(longest, rows.length(row));
    }
    return longest;
  }
}
