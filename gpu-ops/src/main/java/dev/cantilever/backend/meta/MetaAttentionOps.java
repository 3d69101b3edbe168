package dev.cantilever.backend.meta;

import dev.cantilever.backend.AttentionChecks;
import dev.cantilever.backend.AttentionOps;
import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.KvPages;
import dev.cantilever.backend.NewTokens;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/** Attention without data; a cache's lengths stay as they are. */
final class MetaAttentionOps implements AttentionOps {

  @Override
  public void attention(Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec) {
    AttentionChecks.attention(out, lse, qkv, rows, spec);
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
  }

  @Override
  public void placeTokens(NewTokens tokens, KvPages cache, AttentionSpec spec) {
    AttentionChecks.placeTokens(tokens, cache, spec);
  }

  @Override
  public void attentionCached(
      Tensor out, Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec) {
    AttentionChecks.attentionCached(out, qkv, cache, tokens, spec);
  }

  @Override
  public void advance(Tensor lengths, Tensor slots, PackedRows rows) {
    AttentionChecks.advance(lengths, slots, rows);
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
  }

  @Override
  public void appendKeys(KvPages cache, Tensor keysValues, NewTokens tokens, AttentionSpec spec) {
    AttentionChecks.appendKeys(cache, keysValues, tokens, spec);
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
  }
}
