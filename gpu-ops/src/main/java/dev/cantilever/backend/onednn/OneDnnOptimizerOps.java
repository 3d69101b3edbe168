package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AdamWScalars;
import dev.cantilever.backend.AdamWStep;
import dev.cantilever.backend.AdamWTensors;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.OptimizerOps;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** AdamW and gradient norms on the CPU; scalars in double, elements in float as in torch. */
final class OneDnnOptimizerOps implements OptimizerOps {

  private final Workers workers;

  OneDnnOptimizerOps(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void adamW(List<AdamWTensors> parameters, AdamWStep step) {
    OpChecks.adamW(parameters);
    AdamWScalars scalars = AdamWScalars.of(step);
    parameters.forEach(parameter -> adamW(parameter, scalars));
  }

  private void adamW(AdamWTensors parameter, AdamWScalars s) {
    Tensor p = parameter.p();
    Tensor g = parameter.g();
    Tensor m = parameter.m();
    Tensor v = parameter.v();
    Tiles.elements(
        workers,
        p.elements(),
        4,
        (from, count, buffers) -> {
          float[] weight = buffers[0];
          float[] gradient = buffers[1];
          float[] first = buffers[2];
          float[] second = buffers[3];
          HostMemory.get(p.address() + 4 * from, weight, 0, count);
          HostMemory.get(g.address() + 4 * from, gradient, 0, count);
          HostMemory.get(m.address() + 4 * from, first, 0, count);
          HostMemory.get(v.address() + 4 * from, second, 0, count);
          for (int i = 0; i < count; i++) {
            first[i] += s.blend1() * (gradient[i] - first[i]);
            second[i] = s.beta2() * second[i] + s.blend2() * (gradient[i] * gradient[i]);
            float denominator = (float) Math.sqrt(second[i]) / s.root() + s.eps();
            weight[i] = weight[i] * s.keep() - s.rate() * (first[i] / denominator);
          }
          HostMemory.put(p.address() + 4 * from, weight, 0, count);
          HostMemory.put(m.address() + 4 * from, first, 0, count);
          HostMemory.put(v.address() + 4 * from, second, 0, count);
        });
  }

  @Override
  public double squaredNorm(List<Tensor> gs) {
    gs.forEach(g -> OpChecks.activation("squaredNorm", g));
    float[] tile = new float[Tiles.ELEMENTS];
    double sum = 0;
    for (Tensor g : gs) {
      sum += squaredNorm(g, tile);
    }
    return sum;
  }

  private static double squaredNorm(Tensor g, float[] tile) {
    double sum = 0;
    for (long from = 0; from < g.elements(); from += tile.length) {
      int count = (int) Math.min(tile.length, g.elements() - from);
      HostMemory.get(g.address() + 4 * from, tile, 0, count);
      for (int i = 0; i < count; i++) {
        sum += (double) tile[i] * tile[i];
      }
    }
    return sum;
  }

  @Override
  public void scale(Tensor g, float factor) {
    OpChecks.activation("scale", g);
    Tiles.elements(
        workers,
        g.elements(),
        1,
        (from, count, buffers) -> {
          HostMemory.get(g.address() + 4 * from, buffers[0], 0, count);
          for (int i = 0; i < count; i++) {
            buffers[0][i] *= factor;
          }
          HostMemory.put(g.address() + 4 * from, buffers[0], 0, count);
        });
  }
}
