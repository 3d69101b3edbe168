package dev.cantilever.backend.meta;

import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.tensor.Tensor;

/** Sampling without data: no token is drawn. */
final class MetaSamplingOps implements SamplingOps {

  @Override
  public void sample(
      Tensor tokens,
      Tensor logprobs,
      Tensor logits,
      Tensor queryIds,
      Tensor positions,
      SamplingSpec spec,
      long seed,
      int step) {
    OpChecks.sample(tokens, logprobs, logits, queryIds, positions);
  }

  @Override
  public void feedTokens(
      Tensor ids,
      Tensor positions,
      Tensor responsePositions,
      Tensor kept,
      Tensor place,
      Tensor tokens,
      Tensor logprobs) {
    OpChecks.feedTokens(ids, positions, responsePositions, kept, place, tokens, logprobs);
  }
}
