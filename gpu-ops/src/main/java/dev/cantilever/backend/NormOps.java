package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/** Norms over the last dimension; statistics in fp32 or wider, weights in their storage type. */
public interface NormOps {

  /**
   * y = (x − mean) / sqrt(var + eps) · gamma + beta, variance biased (Ba et al. 2016).
   *
   * @param y [N, C] F32; may be x itself
   * @param x [N, C] F32
   * @param gamma [C]
   * @param beta [C]
   */
  void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta, float eps);

  /**
   * Gradient with respect to x; mean and variance are computed again from x. With x̂ the normalised
   * input and g = dy·gamma: dx = (g − mean(g) − x̂·mean(g·x̂)) / sqrt(var + eps).
   *
   * @param dx [N, C] F32, written or added to
   * @param dy [N, C] F32
   * @param x [N, C] F32
   */
  void layerNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate);

  /**
   * y = x / sqrt(mean(x²) + eps) · gamma (Zhang and Sennrich 2019).
   *
   * @param y [N, C] F32; may be x itself
   * @param x [N, C] F32
   * @param gamma [C]
   */
  void rmsNorm(Tensor y, Tensor x, Tensor gamma, float eps);

  /**
   * Gradient with respect to x; the mean square is computed again from x. With x̂ the normalised
   * input and g = dy·gamma: dx = (g − x̂·mean(g·x̂)) / sqrt(mean(x²) + eps).
   *
   * @param dx [N, C] F32, written or added to
   * @param dy [N, C] F32
   * @param x [N, C] F32
   */
  void rmsNormBackward(Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate);

  /**
   * {@link #rmsNorm} of each query head and each key head by itself, over its D elements; values
   * are copied (query-key normalisation, Henry et al. 2020, by an RMS norm as in Qwen3).
   *
   * @param y [N, W] F32; may be x itself
   * @param x [N, W] F32, queries, keys, values: W = (H + 2K)·D
   * @param queryGamma [D], of every query head
   * @param keyGamma [D], of every key head
   * @param spec H, K and D; its layout must be {@link HeadLayout#SPLIT}
   */
  void headNorm(
      Tensor y, Tensor x, Tensor queryGamma, Tensor keyGamma, float eps, AttentionSpec spec);

  /**
   * Gradient of {@link #headNorm} with respect to x, head by head that of {@link #rmsNormBackward};
   * that of values is dy.
   *
   * @param dx [N, W] F32, written or added to
   * @param dy [N, W] F32
   * @param x [N, W] F32
   */
  void headNormBackward(
      Tensor dx,
      Tensor dy,
      Tensor x,
      Tensor queryGamma,
      Tensor keyGamma,
      float eps,
      AttentionSpec spec,
      boolean accumulate);
}
