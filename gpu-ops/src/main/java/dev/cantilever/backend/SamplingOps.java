package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * Choice of the next token, and its way back into the model. Randomness is Philox4x32-10 (Salmon et
 * al. 2011) keyed by seed and counted by (step, query id, position): the same token whichever
 * worker, batch or slot computes it.
 */
public interface SamplingOps {

  /**
   * Draws one token per row by inverse transform over the kept tokens in ascending id.
   *
   * @param tokens [B] I32
   * @param logprobs [B] F32, of the chosen token under softmax(logits/temperature) before top-k and
   *     top-p; for temperature 0 under softmax(logits)
   * @param logits [B, V] F32
   * @param queryIds [B] I64
   * @param positions [B] I32, index of the token within its response
   * @param seed the run's seed
   * @param step the PPO step, or any stream number
   * @throws dev.cantilever.OpsException naming the row, if a logit is NaN
   */
  void sample(
      Tensor tokens,
      Tensor logprobs,
      Tensor logits,
      Tensor queryIds,
      Tensor positions,
      SamplingSpec spec,
      long seed,
      int step);

  /**
   * Makes what a decoding step drew the input of the next, so that steps follow each other without
   * the host: ids = tokens, every position is one more, and what was drawn is kept for later, the
   * next step's in the next place.
   *
   * @param ids [B] I32, what the step read
   * @param positions [B] I32, where these stand in their rows
   * @param responsePositions [B] I32, those of {@link #sample}
   * @param kept [P, 2·B] I32, of which one place is overwritten: tokens, then the bits of their
   *     log-probabilities
   * @param place [1] I32, which place, in [0, P); one more afterwards
   * @param tokens [B] I32, as drawn
   * @param logprobs [B] F32, as drawn
   * @throws ShapeException if the place is out of range; then nothing changes, nor once an
   *     operation before has found something wrong
   */
  void feedTokens(
      Tensor ids,
      Tensor positions,
      Tensor responsePositions,
      Tensor kept,
      Tensor place,
      Tensor tokens,
      Tensor logprobs);
}
