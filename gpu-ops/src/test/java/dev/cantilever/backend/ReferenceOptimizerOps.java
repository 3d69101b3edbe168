package dev.cantilever.backend;

/** AdamW in double precision, as torch.optim.AdamW documents it. */
public final class ReferenceOptimizerOps {

  private ReferenceOptimizerOps() {}

  /** One step on p, m and v in place. */
  public static void adamW(double[] p, double[] g, double[] m, double[] v, AdamWStep step) {
    for (int i = 0; i < p.length; i++) {
      p[i] -= step.learningRate() * step.weightDecay() * p[i];
      m[i] = step.beta1() * m[i] + (1 - step.beta1()) * g[i];
      v[i] = step.beta2() * v[i] + (1 - step.beta2()) * g[i] * g[i];
      double mean = m[i] / (1 - Math.pow(step.beta1(), step.step()));
      double square = v[i] / (1 - Math.pow(step.beta2(), step.step()));
      p[i] -= step.learningRate() * mean / (Math.sqrt(square) + step.eps());
    }
  }
}
