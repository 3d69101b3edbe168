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
   * Gradient of {@link #tokenLogprobs} with respect to hidden; entropy carries none. With p the
   * softmax: dHidden = scale·dLogprobs·((onehot(target) − p)·slope)·head, where slope is 1, or with
   * a cap 1 − tanh²(x/cap).
   *
   * @param dHidden [M, C] F32, overwritten
   * @param dLogprobs [M] F32
   * @param normalizers [M, 2] F64, as {@link #tokenLogprobs} left them for the same hidden, head
   *     and logits
   */
  void tokenLogprobsBackward(
      Tensor dHidden,
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
   * @param hiddenQ [M, C] F32, of the reference
   */
  void fullKl(Tensor kl, Tensor hiddenP, Tensor hiddenQ, Weight head, LogitSpec logits);
}
