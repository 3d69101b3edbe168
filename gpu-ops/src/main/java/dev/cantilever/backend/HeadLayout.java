package dev.cantilever.backend;

/** How queries, keys and values of a token lie in the output of the fused QKV projection. */
public enum HeadLayout {
  /** Per head q, k, v: [H, 3, D] (GPT-NeoX, BLOOM). As many key heads as query heads. */
  INTERLEAVED,
  /** All queries, then all keys, then all values: [H·D | K·D | K·D]. */
  SPLIT
}
