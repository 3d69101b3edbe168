package dev.cantilever.backend.meta;

import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.AdamWTensors;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Updates without data; every norm is 0. */
final class MetaOptimizerOps implements OptimizerOps {

  @Override
  public void adamW(List<AdamWTensors> parameters, AdamWStep step) {
    OpChecks.adamW(parameters);
  }

  @Override
  public double squaredNorm(List<Tensor> gs) {
    gs.forEach(g -> OpChecks.activation("squaredNorm", g));
    return 0;
  }

  @Override
  public void scale(Tensor g, float factor) {
    OpChecks.activation("scale", g);
  }
}
