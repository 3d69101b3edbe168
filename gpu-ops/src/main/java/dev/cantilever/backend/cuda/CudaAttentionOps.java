package dev.cantilever.backend.cuda;

import dev.cantilever.backend.AttentionChecks;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.stream.Stream;

/**
 * Attention in tiles with an online softmax (Dao et al. 2022). Tiles begin at the row's first
 * token, so that a row's neighbours change nothing. Without a cache it runs on the tensor cores
 * where matrix inputs are BF16 and heads lie in whole quads; else in fp32 throughout, a block for a
 * tile of tokens of one row and one head.
 */
final class CudaAttentionOps implements AttentionOps {

  private final Execution execution;
  private final TensorCoreAttention tensorCores;
  private final CachedAttention cached;
  private final DisentangledAttention disentangled;
  private final CrossAttention cross;
  private final RotaryTable rotary;

  CudaAttentionOps(Execution execution, RotaryTable rotary) {
    this.execution = execution;
    this.rotary = rotary;
    this.tensorCores = new TensorCoreAttention(execution);
    this.cached = new CachedAttention(execution);
    this.cross = new CrossAttention(execution);
    this.disentangled = new DisentangledAttention(execution);
  }

  @Override
  public void attention(Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec) {
    AttentionChecks.attention(out, lse, qkv, rows, spec);
    HeadTiles tiles = HeadTiles.of(spec);
    Arena.Mark mark = execution.workspace().mark();
    try {
      long turns = rotary.of(longest(rows), spec);
      if (onTensorCores(spec)) {
        tensorCores.forward(out, lse, qkv, turns, rows, spec);
        return;
      }
      int perRow = Grids.blocks(longest(rows), tiles.queries());
      LaunchBuffer launch =
          kernel(tiles, "attention")
              .pointer(out)
              .pointer(lse)
              .pointer(qkv)
              .pointer(turns)
              .pointer(rows.deviceOffsets())
              .integer(perRow);
      HeadTiles.attending(launch, spec)
          .run(blocks(rows, perRow), spec.heads(), 1, HeadTiles.THREADS, tiles.forwardBytes());
    } finally {
      execution.workspace().reset(mark);
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
    HeadTiles tiles = HeadTiles.of(spec);
    Arena.Mark mark = execution.workspace().mark();
    try {
      long turns = rotary.of(longest(rows), spec);
      if (onTensorCores(spec)) {
        tensorCores.backward(dQkv, dOut, qkv, out, lse, turns, rows, spec);
        return;
      }
      long delta =
          execution.workspace().allocate((long) Float.BYTES * rows.tokens() * spec.heads());
      int perRow = Grids.blocks(longest(rows), tiles.tokens());
      LaunchBuffer queries =
          kernel(tiles, "attention_query_gradient")
              .pointer(dQkv)
              .pointer(delta)
              .pointer(dOut)
              .pointer(qkv)
              .pointer(out)
              .pointer(lse)
              .pointer(turns)
              .pointer(rows.deviceOffsets())
              .integer(perRow);
      HeadTiles.attending(queries, spec)
          .run(blocks(rows, perRow), spec.heads(), 1, HeadTiles.THREADS, tiles.backwardBytes(1));
      LaunchBuffer keys =
          kernel(tiles, "attention_key_gradient")
              .pointer(dQkv)
              .pointer(delta)
              .pointer(dOut)
              .pointer(qkv)
              .pointer(lse)
              .pointer(turns)
              .pointer(rows.deviceOffsets())
              .integer(perRow);
      HeadTiles.attending(keys, spec)
          .run(blocks(rows, perRow), spec.kvHeads(), 1, HeadTiles.THREADS, tiles.backwardBytes(2));
    } finally {
      execution.workspace().reset(mark);
    }
  }

  @Override
  public void placeTokens(NewTokens tokens, KvPages cache, AttentionSpec spec) {
    AttentionChecks.placeTokens(tokens, cache, spec);
    cached.place(tokens, cache, spec);
  }

  @Override
  public void attentionCached(
      Tensor out, Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec) {
    AttentionChecks.attentionCached(out, qkv, cache, tokens, spec);
    cached.attend(out, qkv, cache, tokens, spec);
  }

  @Override
  public void advance(Tensor lengths, Tensor slots, PackedRows rows) {
    AttentionChecks.advance(lengths, slots, rows);
    cached.advance(lengths, slots, rows);
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
    cached.requireType("appendKeys", cache);
    cached.appendKeys(cache, keysValues, tokens, spec);
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
    cached.requireType("crossAttentionCached", cache);
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
    disentangled.attend(out, qkv, positions, places, rows, spec);
  }

  private boolean onTensorCores(AttentionSpec spec) {
    return execution.matrixInputs() == DType.BF16 && TensorCoreAttention.takes(spec);
  }

  private LaunchBuffer kernel(HeadTiles tiles, String name) {
    return execution.kernels().kernel(tiles.uncached(), name).with();
  }

  /** Tokens of the longest row. */
  static int longest(PackedRows rows) {
    int longest = 0;
    for (int row = 0; row < rows.rows(); row++) {
      longest = Math.max(longest, rows.length(row));
    }
    return longest;
  }

  /** Blocks of all rows, each as many as the longest needs; those without a token do nothing. */
  static int blocks(PackedRows rows, int perRow) {
    return Math.multiplyExact(rows.rows(), perRow);
  }

  static List<KernelSource> sources() {
    return Stream.of(
            RotaryTable.sources(),
            HeadTiles.sources(),
            TensorCoreAttention.sources(),
            CachedAttention.sources(),
            CrossAttention.sources(),
            DisentangledAttention.sources())
        .flatMap(List::stream)
        .toList();
  }
}
