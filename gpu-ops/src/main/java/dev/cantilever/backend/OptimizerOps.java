package dev.cantilever.backend;

import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Updates of trainable fp32 parameters. */
public interface OptimizerOps {

  /**
   * One step of every parameter as in torch.optim.AdamW: p ← p·(1 − lr·decay); m ← β₁m + (1 − β₁)g;
   * v ← β₂v + (1 − β₂)g²; p ← p − lr/(1 − β₁ᵗ) · m / (√v/√(1 − β₂ᵗ) + eps).
   */
  void adamW(List<AdamWTensors> parameters, AdamWStep step);

  /**
   * Sum of the squares of all elements of F32 tensors, accumulated in double in an order that
   * follows from their sizes alone; waits.
   */
  double squaredNorm(List<Tensor> gs);

  /** g ← factor·g. */
  void scale(Tensor g, float factor);
}
