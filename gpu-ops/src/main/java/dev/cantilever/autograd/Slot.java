package dev.cantilever.autograd;

/** The place of a value in a transformer block: what a {@link KeepPlan} decides about. */
public enum Slot {
  /** Input of a block and output of the one before; crosses blocks and is always kept. */
  RESIDUAL,
  /**
   * What an encoder gives a decoder, [S, C]; every block of the decoder reads it, so it is always
   * kept.
   */
  SOURCE,
  /** Output of a norm, [N, C]. */
  NORM,
  /**
   * Output of the fused QKV projection, [N, W]; in cross-attention of that to queries, [N, H·D],
   * and of that to keys and values, [S, 2·K·D].
   */
  QKV,
  /** That with its query and key heads normalised, where they are, [N, W]. */
  HEADS,
  /** Output of the attention before its projection, [N, H·D]. */
  ATTENTION,
  /**
   * What is only added to another value or selected from, [N, C] or [N, E]; no backward reads it.
   */
  BRANCH,
  /**
   * Residual stream between attention and MLP where they run in sequence, [N, C], with what they
   * add to it where that has a norm, or embeddings before their projection, [N, E], or norm.
   */
  MIDDLE,
  /** MLP before its activation, [N, F], or [N, 2F] where it has a gate. */
  MLP_PRE,
  /** MLP after its activation, [N, F]. */
  MLP_ACT
}
