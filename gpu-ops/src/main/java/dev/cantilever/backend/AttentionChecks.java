package dev.cantilever.backend;

import static dev.cantilever.backend.ArgumentShapes.F32;
import static dev.cantilever.backend.ArgumentShapes.FLOATS;
import static dev.cantilever.backend.ArgumentShapes.I32;
import static dev.cantilever.backend.ArgumentShapes.axes;
import static dev.cantilever.backend.ArgumentShapes.require;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * The shapes and element types that the operations of {@link AttentionOps} demand, as those of
 * {@link OpChecks}.
 */
public final class AttentionChecks {

  private AttentionChecks() {}

  /** {@link AttentionOps#attention}. */
  public static void attention(
      Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec) {
    attention("attention", out, lse, qkv, rows, spec);
  }

  private static void attention(
      String op, Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec) {
    long n = rows.tokens();
    require(op, "qkv", qkv, F32, "N, W", n, spec.projectionSize());
    require(op, "out", out, F32, "N, H*D", n, spec.outputSize());
    require(op, "lse", lse, F32, "N, H", n, spec.heads());
    bias(op, spec);
  }

  private static void bias(String op, AttentionSpec spec) {
    if (spec.scores().bias().isEmpty()) {
      return;
    }
    Tensor values = spec.scores().bias().get().values();
    long distances = axes(op, "bias", values, F32, "H, 2*M+1")[1];
    require(op, "bias", values, F32, "H, 2*M+1", spec.heads(), distances);
    odd(op, "bias", values, distances);
  }

  private static void odd(String op, String name, Tensor tensor, long distances) {
    if (distances % 2 == 0) {
      throw new ShapeException(
          "%s: expected %s of an odd number of distances, from -M to M, got %s. Add the missing one."
              .formatted(op, name, tensor));
    }
  }

  /** {@link AttentionOps#attentionBackward}. */
  public static void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      AttentionSpec spec) {
    long n = rows.tokens();
    attention("attentionBackward", out, lse, qkv, rows, spec);
    require("attentionBackward", "dQkv", dQkv, F32, "N, W", n, spec.projectionSize());
    require("attentionBackward", "dOut", dOut, F32, "N, H*D", n, spec.outputSize());
  }

  /** {@link AttentionOps#placeTokens}. */
  public static void placeTokens(NewTokens tokens, KvPages cache, AttentionSpec spec) {
    newTokens("placeTokens", tokens, cache, spec);
  }

  private static void newTokens(String op, NewTokens tokens, KvPages cache, AttentionSpec spec) {
    long n = tokens.rows().tokens();
    require(op, "slots", tokens.slots(), I32, "B", tokens.rows().rows());
    require(op, "places", tokens.places(), I32, "N", n);
    require(op, "turns", tokens.turns(), F32, "N, R", n, spec.rotary().dims());
    lengths(op, cache);
  }

  private static void lengths(String op, KvPages cache) {
    long slotCount = axes(op, "pageTable", cache.pageTable(), I32, "slots, maxPages")[0];
    require(op, "lengths", cache.lengths(), I32, "slots", slotCount);
  }

  /** {@link AttentionOps#attentionCached}. */
  public static void attentionCached(
      Tensor out, Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec) {
    long n = tokens.rows().tokens();
    String op = "attentionCached";
    require(op, "qkv", qkv, F32, "N, W", n, spec.projectionSize());
    require(op, "out", out, F32, "N, H*D", n, spec.outputSize());
    bias(op, spec);
    newTokens(op, tokens, cache, spec);
    pages(op, cache, spec);
  }

  private static void pages(String op, KvPages cache, AttentionSpec spec) {
    long pages = axes(op, "keys", cache.keys(), FLOATS, "pages, P, K*D")[0];
    require(
        op,
        "keys",
        cache.keys(),
        FLOATS,
        "pages, P, K*D",
        pages,
        cache.pageTokens(),
        spec.cacheSize());
    require(
        op,
        "values",
        cache.values(),
        new DType[] {cache.keys().dtype()},
        "pages, P, K*D",
        pages,
        cache.pageTokens(),
        spec.cacheSize());
  }

  /** {@link AttentionOps#advance}. */
  public static void advance(Tensor lengths, Tensor slots, PackedRows rows) {
    axes("advance", "lengths", lengths, I32, "slots");
    require("advance", "slots", slots, I32, "B", rows.rows());
  }

  /** {@link AttentionOps#crossAttention}. */
  public static void crossAttention(
      Tensor out,
      Tensor lse,
      Tensor queries,
      Tensor keysValues,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    crossAttention("crossAttention", out, lse, queries, keysValues, rows, keyRows, spec);
  }

  private static void crossAttention(
      String op,
      Tensor out,
      Tensor lse,
      Tensor queries,
      Tensor keysValues,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec) {
    crossSpec(op, spec);
    if (rows.rows() != keyRows.rows()) {
      throw new ShapeException(
          "%s: expected a row of keys for each of %d rows of queries, got %d. Pack them alike."
              .formatted(op, rows.rows(), keyRows.rows()));
    }
    long n = rows.tokens();
    require(op, "queries", queries, F32, "N, H*D", n, spec.outputSize());
    keysValues(op, "keysValues", keysValues, keyRows, spec);
    require(op, "out", out, F32, "N, H*D", n, spec.outputSize());
    require(op, "lse", lse, F32, "N, H", n, spec.heads());
  }

  private static void crossSpec(String op, AttentionSpec spec) {
    if (spec.causal() || spec.rotary().dims() > 0 || !spec.scores().equals(ScoreSpec.PLAIN)) {
      throw new ShapeException(
          "%s: expected attention in both directions, without rotary and with plain scores, got %s. Make a spec of its own for it."
              .formatted(op, spec));
    }
  }

  private static void keysValues(
      String op, String name, Tensor tensor, PackedRows rows, AttentionSpec spec) {
    require(op, name, tensor, F32, "S, 2*K*D", rows.tokens(), 2L * spec.cacheSize());
  }

  /** {@link AttentionOps#crossAttentionBackward}. */
  public static void crossAttentionBackward(
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
    String op = "crossAttentionBackward";
    crossAttention(op, out, lse, queries, keysValues, rows, keyRows, spec);
    require(op, "dQueries", dQueries, F32, "N, H*D", rows.tokens(), spec.outputSize());
    keysValues(op, "dKeysValues", dKeysValues, keyRows, spec);
    require(op, "dOut", dOut, F32, "N, H*D", rows.tokens(), spec.outputSize());
  }

  /** {@link AttentionOps#appendKeys}. */
  public static void appendKeys(
      KvPages cache, Tensor keysValues, NewTokens tokens, AttentionSpec spec) {
    String op = "appendKeys";
    crossSpec(op, spec);
    keysValues(op, "keysValues", keysValues, tokens.rows(), spec);
    newTokens(op, tokens, cache, spec);
    pages(op, cache, spec);
  }

  /** {@link AttentionOps#crossAttentionCached}. */
  public static void crossAttentionCached(
      Tensor out,
      Tensor queries,
      KvPages cache,
      Tensor slots,
      PackedRows rows,
      AttentionSpec spec) {
    String op = "crossAttentionCached";
    crossSpec(op, spec);
    long n = rows.tokens();
    require(op, "queries", queries, F32, "N, H*D", n, spec.outputSize());
    require(op, "out", out, F32, "N, H*D", n, spec.outputSize());
    require(op, "slots", slots, I32, "B", rows.rows());
    lengths(op, cache);
    pages(op, cache, spec);
  }

  /** {@link AttentionOps#disentangledAttention}. */
  public static void disentangledAttention(
      Tensor out,
      Tensor qkv,
      Tensor positions,
      Tensor places,
      PackedRows rows,
      DisentangledSpec spec) {
    String op = "disentangledAttention";
    long n = rows.tokens();
    require(op, "qkv", qkv, F32, "N, 3*H*D", n, spec.projectionSize());
    require(op, "out", out, F32, "N, H*D", n, spec.outputSize());
    long width = axes(op, "positions", positions, F32, "P, X")[1];
    if (width < spec.positionSize()) {
      throw new ShapeException(
          "%s: expected positions of at least %d columns, which the spec names, got %s. Check the projection."
              .formatted(op, spec.positionSize(), positions));
    }
    odd(op, "places", places, axes(op, "places", places, I32, "2*M+1")[0]);
  }
}
