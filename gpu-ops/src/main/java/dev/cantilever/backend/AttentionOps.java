package dev.cantilever.backend;

import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * Scaled dot-product attention (Vaswani et al. 2017) over packed rows, rotary inside, its scores as
 * a {@link ScoreSpec} says. The matrix of scores is never stored: backward computes it again from
 * qkv and the log-sum-exp of each token and head.
 *
 * <p>Cached and uncached attention, of rows to themselves and to others, agree up to roundings: of
 * a cache to its type of elements, and without a cache of what goes into a product (queries and
 * keys after their rotation, values, gradients of outputs, probabilities, gradients of scores),
 * which a backend may round to {@link Capabilities#matrixInputs}. Where both are F32, a token's
 * output is the same sum over keys in ascending position.
 */
public interface AttentionOps {

  /**
   * Attention of every row to itself, positions counted from the row's start.
   *
   * @param out [N, H·D] F32
   * @param lse [N, H] F32, natural log of the sum of exponentials of the scores
   * @param qkv [N, W] F32, laid out as the spec says, not rotated
   */
  void attention(Tensor out, Tensor lse, Tensor qkv, PackedRows rows, AttentionSpec spec);

  /**
   * Gradient with respect to qkv.
   *
   * @param dQkv [N, W] F32, overwritten
   * @param dOut [N, H·D] F32
   * @param qkv as in the forward pass
   * @param out the forward pass's output
   * @param lse the forward pass's log-sum-exp
   */
  void attentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      AttentionSpec spec);

  /**
   * Finds where a step's new tokens go, behind each slot's present length, and by which angles they
   * turn: once before the first layer, because all layers have the same page table and lengths.
   *
   * @param tokens its places and turns are written
   * @param cache any layer's
   * @throws ShapeException if a slot comes twice or is outside the cache, if its pages are, or if
   *     it has too few
   */
  void placeTokens(NewTokens tokens, KvPages cache, AttentionSpec spec);

  /**
   * Attention of new tokens to what a cache holds and to each other: appends rotated keys and the
   * values where {@link #placeTokens} said, then attends over all of it. Lengths are read, not
   * advanced: all layers of a step see the same; see {@link #advance}. A cache keeps what has left
   * the window too.
   *
   * @param out [N, H·D] F32
   * @param qkv [N, W] F32, the new tokens of row r belonging to its slot
   * @param tokens placed in this cache since its lengths last changed
   */
  void attentionCached(Tensor out, Tensor qkv, KvPages cache, NewTokens tokens, AttentionSpec spec);

  /**
   * Adds each row's number of new tokens to its slot's length, after the last layer of a step.
   *
   * @param lengths [slots] I32
   * @param slots [B] I32
   */
  void advance(Tensor lengths, Tensor slots, PackedRows rows);

  /**
   * Attention of every row to another row of keys and values, as a decoder's to what an encoder
   * made: each query of row r of {@code rows} sees all of row r of {@code keyRows}.
   *
   * @param out [N, H·D] F32
   * @param lse [N, H] F32, natural log of the sum of exponentials of the scores
   * @param queries [N, H·D] F32
   * @param keysValues [S, 2·K·D] F32, of each token all keys, then all values
   * @param rows of the N queries
   * @param keyRows of the S keys, as many rows, whose lengths may differ
   * @param spec in both directions, without rotary, with plain scores; its layout means nothing
   *     here
   */
  void crossAttention(
      Tensor out,
      Tensor lse,
      Tensor queries,
      Tensor keysValues,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec);

  /**
   * Gradients of {@link #crossAttention} with respect to queries, keys and values.
   *
   * @param dQueries [N, H·D] F32, overwritten
   * @param dKeysValues [S, 2·K·D] F32, overwritten
   * @param dOut [N, H·D] F32
   * @param queries as in the forward pass
   * @param keysValues as in the forward pass
   * @param out the forward pass's output
   * @param lse the forward pass's log-sum-exp
   */
  void crossAttentionBackward(
      Tensor dQueries,
      Tensor dKeysValues,
      Tensor dOut,
      Tensor queries,
      Tensor keysValues,
      Tensor out,
      Tensor lse,
      PackedRows rows,
      PackedRows keyRows,
      AttentionSpec spec);

  /**
   * Writes keys and values of new tokens to a cache where {@link #placeTokens} said, for {@link
   * #crossAttentionCached}. Lengths are neither read nor advanced, so that {@link #advance} may
   * come before it, once for all layers.
   *
   * @param keysValues [N, 2·K·D] F32, as in {@link #crossAttention}, the new tokens of row r
   *     belonging to its slot
   * @param tokens placed in this cache
   * @param spec as in {@link #crossAttention}
   */
  void appendKeys(KvPages cache, Tensor keysValues, NewTokens tokens, AttentionSpec spec);

  /**
   * {@link #crossAttention} to what a cache holds: each query of row r sees all the keys of its
   * slot, as many as the slot's length says, which stays as it is.
   *
   * @param out [N, H·D] F32
   * @param queries [N, H·D] F32
   * @param slots [B] I32, the cache slot of each row; several may have the same
   * @param spec as in {@link #crossAttention}
   * @throws ShapeException if a slot is outside the cache, if it holds nothing or more than its
   *     pages do, or if one of these is outside the cache
   */
  void crossAttentionCached(
      Tensor out, Tensor queries, KvPages cache, Tensor slots, PackedRows rows, AttentionSpec spec);

  /**
   * Disentangled attention (He et al. 2021, DeBERTa) of every row to itself, in both directions:
   * the score of the query at position i and the key at position j is scale·(q_i·k_j + q_i·kr_p +
   * k_j·qr_p), where p is the place of the distance i − j.
   *
   * @param out [N, H·D] F32
   * @param qkv [N, 3·H·D] F32, queries, keys and values
   * @param positions [P, X] F32, keys kr and queries qr of relative positions in the spec's columns
   * @param places [2·M + 1] I32, the row of positions for each distance from −M to M, each in [0,
   *     P); a larger distance has the place of the largest of its sign
   * @throws ShapeException naming the index, if a place is out of range
   */
  void disentangledAttention(
      Tensor out,
      Tensor qkv,
      Tensor positions,
      Tensor places,
      PackedRows rows,
      DisentangledSpec spec);

  /**
   * Gradient of {@link #disentangledAttention} with respect to qkv.
   *
   * @param dQkv [N, 3·H·D] F32, overwritten
   * @param dOut [N, H·D] F32
   * @throws UnsupportedOpException unless {@link Capabilities#disentangledGradient} is declared
   */
  default void disentangledAttentionBackward(
      Tensor dQkv,
      Tensor dOut,
      Tensor qkv,
      Tensor positions,
      Tensor places,
      PackedRows rows,
      DisentangledSpec spec) {
    throw new UnsupportedOpException(
        "disentangledAttentionBackward: expected a backend that declares disentangledGradient, found one without. Keep models of this attention frozen.");
  }
}
