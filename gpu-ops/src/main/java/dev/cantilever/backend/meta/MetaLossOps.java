package dev.cantilever.backend.meta;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.LogitSpec;
import dev.cantilever.backend.LossOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;

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
      Tensor hidden,
      Weight head,
      Tensor targets,
      LogitSpec logits) {
    OpChecks.tokenLogprobs(logprobs, entropy, normalizers, hidden, head, targets);
    weights.weight("tokenLogprobs", head);
  }

  @Override
  public void tokenLogprobsBackward(
      Tensor dHidden,
      HeadGradient dHead,
      Tensor dLogprobs,
      Tensor normalizers,
      Tensor hidden,
      Weight head,
      Tensor targets,
      LogitSpec logits) {
    OpChecks.tokenLogprobsBackward(dHidden, dHead, dLogprobs, normalizers, hidden, head, targets);
    weights.weight("tokenLogprobsBackward", head);
  }

  @Override
  public void fullKl(
      Tensor kl, Tensor hiddenP, Weight headP, Tensor hiddenQ, Weight headQ, LogitSpec logits) {
    OpChecks.fullKl(kl, hiddenP, headP, hiddenQ, headQ);
    weights.weight("fullKl", headP);
    weights.weight("fullKl", headQ);
  }
}
