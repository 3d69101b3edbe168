package dev.cantilever.model;

import java.util.List;

/**
 * Module paths of one block in a checkpoint; a module's tensors are its path plus {@code .weight}
 * and {@code .bias}.
 *
 * @param attentionNorm first norm
 * @param qkv one fused projection, or query, key and value in this order, fused when loaded
 * @param attentionOutput output projection
 * @param mlpNorm second norm; the path of the first where the two are one
 * @param up into the MLP: one projection, or gate and up in this order, whether the checkpoint has
 *     them fused or they are fused when loaded
 * @param down out of the MLP
 */
public record BlockNames(
    String attentionNorm,
    List<String> qkv,
    String attentionOutput,
    String mlpNorm,
    List<String> up,
    String down) {

  /** Copies the lists. */
  public BlockNames {
    qkv = List.copyOf(qkv);
    up = List.copyOf(up);
  }
}
