package dev.cantilever.backend.meta;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.HeadInput;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LossChecks;
import dev.cantilever.backend.LossOps;
import dev.cantilever.tensor.Tensor;

/** Output head, log-probabilities and divergences without data. */
final class MetaLossOps implements LossOps {

  private final PlannedWeights weights;

  MetaLossOps(PlannedWeights weights) {
    this.weights = weights;
  }

  @Override
  public void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      LogitSpec logits) {
    LossChecks.tokenLogprobs(logprobs, entropy, normalizers, head, targets);
    weights.weight("tokenLogprobs", head.weight());
  }

  @Override
  public void tokenLogprobsBackward(
      Tensor dHidden,
      HeadGradient dHead,
      Tensor dLogprobs,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      LogitSpec logits) {
    LossChecks.tokenLogprobsBackward(dHidden, dHead, dLogprobs, normalizers, head, targets);
    weights.weight("tokenLogprobsBackward", head.weight());
  }

  @Override
  public void fullKl(Tensor kl, HeadInput p, HeadInput q, LogitSpec logits) {
    LossChecks.fullKl(kl, p, q);
    weights.weight("fullKl", p.weight());
    weights.weight("fullKl", q.weight());
  }
}
