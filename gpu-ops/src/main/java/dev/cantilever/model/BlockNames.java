package dev.cantilever.model;

import java.util.List;
import java.util.Optional;

/**
 * Module paths of one block in a checkpoint; a module's tensors are its path plus {@code .weight}
 * and {@code .bias}.
 *
 * @param attentionNorm first norm
 * @param qkv one fused projection, or query, key and value in this order, fused when loaded
 * @param headNorms norm of the query heads and norm of the key heads; none where there are none
 * @param attentionOutput output projection
 * @param mlpNorm second norm; the path of the first where the two are one
 * @param up into the MLP: one projection, or gate and up in this order, whether the checkpoint has
 *     them fused or they are fused when loaded
 * @param down out of the MLP
 * @param branchNorms norm of what the attention adds and of what the MLP adds; none where there are
 *     none
 * @param distanceBias table of the scores' biases by distance; none where there is none
 */
public record BlockNames(
    String attentionNorm,
    List<String> qkv,
    List<String> headNorms,
    String attentionOutput,
    String mlpNorm,
    List<String> up,
    String down,
    List<String> branchNorms,
    Optional<String> distanceBias) {

  /** Copies the lists. */
  public BlockNames {
    qkv = List.copyOf(qkv);
    headNorms = List.copyOf(headNorms);
    up = List.copyOf(up);
    branchNorms = List.copyOf(branchNorms);
  }

  /** A block with a norm for attention and MLP each. */
  BlockNames(
      String attentionNorm,
      List<String> qkv,
      String attentionOutput,
      String mlpNorm,
      List<String> up,
      String down) {
    this(
        attentionNorm,
        qkv,
        List.of(),
        attentionOutput,
        mlpNorm,
        up,
        down,
        List.of(),
        Optional.empty());
  }

  /** The same with norms of heads. */
  BlockNames withHeadNorms(String queries, String keys) {
    return new BlockNames(
        attentionNorm,
        qkv,
        List.of(queries, keys),
        attentionOutput,
        mlpNorm,
        up,
        down,
        branchNorms,
        distanceBias);
  }

  /** The same with another second norm. */
  BlockNames withMlpNorm(String path) {
    return new BlockNames(
        attentionNorm, qkv, headNorms, attentionOutput, path, up, down, branchNorms, distanceBias);
  }

  /** The same with norms of what attention and MLP add. */
  BlockNames withBranchNorms(String attention, String mlp) {
    return new BlockNames(
        attentionNorm,
        qkv,
        headNorms,
        attentionOutput,
        mlpNorm,
        up,
        down,
        List.of(attention, mlp),
        distanceBias);
  }

  /** The same with a table of biases by distance. */
  BlockNames withDistanceBias(String path) {
    return new BlockNames(
        attentionNorm,
        qkv,
        headNorms,
        attentionOutput,
        mlpNorm,
        up,
        down,
        branchNorms,
        Optional.of(path));
  }
}
