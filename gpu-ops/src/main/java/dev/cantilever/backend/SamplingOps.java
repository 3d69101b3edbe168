package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * Choice of the next token. Randomness is Philox4x32-10 (Salmon et al. 2011) keyed by seed and
 * counted by (step, query id, position): the same token whichever worker, batch or slot computes
 * it.
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
}
