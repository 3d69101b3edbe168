package dev.cantilever.backend;

/**
 * What an attention computes.
 *
 * @param heads H, query heads
 * @param kvHeads K, key/value heads; divides H
 * @param headSize D
 * @param layout how q, k, v lie in a token's projection
 * @param causal whether a token sees itself and what came before it only
 * @param scale factor on the scores, usually 1/√D
 * @param rotary of the leading dimensions of each head, in halves as in GPT-NeoX and Llama, not in
 *     interleaved pairs
 * @param scores what happens to them before the softmax, and how far back they reach
 */
public record AttentionSpec(
    int heads,
    int kvHeads,
    int headSize,
    HeadLayout layout,
    boolean causal,
    float scale,
    RotarySpec rotary,
    ScoreSpec scores) {

  /** With plain scores. */
  public AttentionSpec(
      int heads,
      int kvHeads,
      int headSize,
      HeadLayout layout,
      boolean causal,
      float scale,
      RotarySpec rotary) {
    this(heads, kvHeads, headSize, layout, causal, scale, rotary, ScoreSpec.PLAIN);
  }

  /** Checks that the numbers belong together. */
  public AttentionSpec {
    if (heads <= 0 || kvHeads <= 0 || headSize <= 0 || heads % kvHeads != 0) {
      throw new IllegalArgumentException(
          "Expected positive heads divided by kvHeads and a positive head size, got heads="
              + heads
              + ", kvHeads="
              + kvHeads
              + ", headSize="
              + headSize);
    }
    if (layout == HeadLayout.INTERLEAVED && heads != kvHeads) {
      throw new IllegalArgumentException(
          "An interleaved layout has as many key heads as query heads, got heads="
              + heads
              + ", kvHeads="
              + kvHeads);
    }
    if (rotary.dims() > headSize) {
      throw new IllegalArgumentException(
          "Expected rotary dimensions up to the head size " + headSize + ", got " + rotary.dims());
    }
    if (scores.isSloped() && scores.slopes().size() != heads) {
      throw new IllegalArgumentException(
          "Expected a slope for each of " + heads + " heads, got " + scores.slopes());
    }
    if (scores.isWindowed() && !causal) {
      throw new IllegalArgumentException(
          "Expected a window of causal attention, got one of attention in both directions");
    }
  }

  /** The same with another factor on the scores. */
  public AttentionSpec withScale(float factor) {
    return new AttentionSpec(heads, kvHeads, headSize, layout, causal, factor, rotary, scores);
  }

  /** The same with heads turned by another table. */
  public AttentionSpec withRotary(RotarySpec other) {
    return new AttentionSpec(heads, kvHeads, headSize, layout, causal, scale, other, scores);
  }

  /** The same with something else happening to the scores. */
  public AttentionSpec withScores(ScoreSpec other) {
    return new AttentionSpec(heads, kvHeads, headSize, layout, causal, scale, rotary, other);
  }

  /** The first key that a token at a position sees. */
  public int firstKey(int position) {
    return causal ? scores.firstKey(position) : 0;
  }

  /**
   * Behind the last key that a token at a position sees.
   *
   * @param keys how many there are
   */
  public int endOfKeys(int position, int keys) {
    return causal ? position + 1 : keys;
  }

  /** W, floats per token of the fused projection. */
  public int projectionSize() {
    return (heads + 2 * kvHeads) * headSize;
  }

  /** H·D, floats per token of the attention's output. */
  public int outputSize() {
    return heads * headSize;
  }

  /** K·D, floats per token of the cached keys, and of the values. */
  public int cacheSize() {
    return kvHeads * headSize;
  }

  /** Offset of query head {@code head} within a token's projection. */
  public int queryOffset(int head) {
    return layout == HeadLayout.INTERLEAVED ? 3 * head * headSize : head * headSize;
  }

  /** Offset of the keys of key head {@code kvHead}. */
  public int keyOffset(int kvHead) {
    return layout == HeadLayout.INTERLEAVED
        ? (3 * kvHead + 1) * headSize
        : (heads + kvHead) * headSize;
  }

  /** Offset of the values of key head {@code kvHead}. */
  public int valueOffset(int kvHead) {
    return layout == HeadLayout.INTERLEAVED
        ? (3 * kvHead + 2) * headSize
        : (heads + kvHeads + kvHead) * headSize;
  }
}
