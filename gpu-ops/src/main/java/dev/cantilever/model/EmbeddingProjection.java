package dev.cantilever.model;

/** What is projected from the width of a token's embedding to that of the residual stream. */
public enum EmbeddingProjection {
  /** The token's embedding alone; what heads read is projected back. OPT. */
  OF_TOKENS,
  /** Its sum with those of position and type; heads read the stream. DeBERTa. */
  OF_SUM
}
