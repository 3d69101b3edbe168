package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;

/**
 * Elementwise operations on F32 tensors, of equal size where nothing else is said. Outputs may be
 * the inputs themselves if they are of equal size.
 */
public interface ActivationOps {

  /** y = f(x). */
  void activate(Tensor y, Tensor x, Activation f);

  /** dx = dy·f′(x), or dx += dy·f′(x). */
  void activateBackward(Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate);

  /**
   * y = f(g)·u, where a row of x is g followed by u: a gated linear unit (Shazeer 2020) after its
   * two projections in one.
   *
   * @param y [N, F]
   * @param x [N, 2F]
   */
  void activateGated(Tensor y, Tensor x, Activation f);

  /**
   * dx = (dy·u·f′(g), dy·f(g)), or dx += that.
   *
   * @param dx [N, 2F]; may be x itself
   * @param dy [N, F]
   * @param x [N, 2F]
   */
  void activateGatedBackward(Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate);

  /** y = a + b. */
  void add(Tensor y, Tensor a, Tensor b);

  /**
   * y = cap·tanh(x/cap), the soft-capping of Gemma 2; what is not finite stays as it is.
   *
   * @param cap finite, above 0
   */
  void softcap(Tensor y, Tensor x, float cap);

  /** y = factor·x. */
  void scale(Tensor y, Tensor x, float factor);

  /** y = a·b, element by element. */
  void multiply(Tensor y, Tensor a, Tensor b);

  /**
   * y = f·x + s in columns {@code [column, column + O')}, or y += that, with a factor and a shift
   * of each column; the product is not rounded before the shift is added.
   *
   * @param y [N, Y] with Y ≥ column + O'; other columns stay
   * @param x [N, Y]
   * @param factor f, [O']
   * @param shift s, [O']
   */
  void affineColumns(
      Tensor y, Tensor x, int column, Tensor factor, Tensor shift, boolean accumulate);

  /**
   * Inverted dropout: y = x/(1 − p) where the element is kept, else 0, or y += that. An element is
   * kept by a Philox draw keyed by {@code key} and counted by the element's index, so that backward
   * repeats it exactly by calling this on the gradient.
   *
   * @param p probability of dropping, in [0, 1)
   * @param key identifies the draw: run seed, step and place mixed by the caller
   */
  void dropout(Tensor y, Tensor x, float p, long key, boolean accumulate);
}
