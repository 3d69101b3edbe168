package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;

/**
 * The output head together with what is made of its logits, in chunks of tokens: a matrix [M, V] of
 * logits never exists. Logits are those that {@link LogitSpec} makes of hidden·headᵀ.
 */
public interface LossOps {

  /**
   * Log-probability of each target and entropy of each distribution, in nats.
   *
   * @param logprobs [M] F32
   * @param entropy [M] F32
   * @param normalizers [M, 2] F64, what {@link #tokenLogprobsBackward} needs to know of each
   *     distribution: its largest logit z, and Σ_v exp(z(v) − z)
   * @param hidden [M, C] F32, after the final norm
   * @param head [V, C]
   * @param targets [M] I32, each in [0, V)
   */
  void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor normalizers,
      Tensor hidden,
      Weight head,
      Tensor targets,
      LogitSpec logits);

  /**
   * Gradient of {@link #tokenLogprobs} with respect to hidden and head; entropy carries none. With
   * p the softmax: dHidden = scale·dLogprobs·((onehot(target) − p)·slope)·head, where slope is 1,
   * or with a cap 1 − tanh²(x/cap).
   *
   * @param dHidden [M, C] F32, overwritten
   * @param dHead added to, where there is any of it
   * @param dLogprobs [M] F32
   * @param normalizers [M, 2] F64, as {@link #tokenLogprobs} left them for the same hidden, head
   *     and logits
   */
  void tokenLogprobsBackward(
      Tensor dHidden,
      HeadGradient dHead,
      Tensor dLogprobs,
      Tensor normalizers,
      Tensor hidden,
      Weight head,
      Tensor targets,
      LogitSpec logits);

  /**
   * Kullback-Leibler divergence of two distributions over the whole vocabulary: kl[m] = Σ_v
   * p(v)·(log p(v) − log q(v)), in nats.
   *
   * @param kl [M] F32
   * @param hiddenP [M, C] F32, of the policy
   * @param headP [V, C], which reads them
   * @param hiddenQ [M, C] F32, of the reference
   * @param headQ the same of these, stored as headP is
   */
  void fullKl(
      Tensor kl, Tensor hiddenP, Weight headP, Tensor hiddenQ, Weight headQ, LogitSpec logits);
}
