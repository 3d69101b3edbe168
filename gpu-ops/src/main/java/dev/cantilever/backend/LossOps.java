package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

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
   * @param head and the M hidden states that it reads
   * @param targets [M] I32, each in [0, V)
   */
  void tokenLogprobs(
      Tensor logprobs,
      Tensor entropy,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      LogitSpec logits);

  /**
   * Gradient of {@link #tokenLogprobs} with respect to hidden and head; entropy carries none. With
   * p the softmax: dHidden = scale·dLogprobs·((onehot(target) − p)·slope)·head, where slope is 1,
   * or with a cap 1 − tanh²(x/cap). What goes through low-rank terms is not added to dHidden: it is
   * written to their dLow.
   *
   * @param dHidden [M, C] F32, overwritten
   * @param dHead added to, where there is any of it
   * @param dLogprobs [M] F32
   * @param normalizers [M, 2] F64, as {@link #tokenLogprobs} left them for the same head and logits
   */
  void tokenLogprobsBackward(
      Tensor dHidden,
      HeadGradient dHead,
      Tensor dLogprobs,
      Tensor normalizers,
      HeadInput head,
      Tensor targets,
      LogitSpec logits);

  /**
   * Kullback-Leibler divergence of two distributions over the whole vocabulary: kl[m] = Σ_v
   * p(v)·(log p(v) − log q(v)), in nats.
   *
   * @param kl [M] F32
   * @param p of the policy, with M hidden states
   * @param q of the reference, with as many, and a weight of the same size and type
   */
  void fullKl(Tensor kl, HeadInput p, HeadInput q, LogitSpec logits);
}
