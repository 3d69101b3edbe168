package dev.cantilever.adapter;

import dev.cantilever.tensor.Tensor;
import java.util.SplittableRandom;

/** What a fresh adapter's matrices begin with, drawn from a stream of the module's own. */
final class FreshValues {

  private final SplittableRandom random;

  /**
   * The stream of a module.
   *
   * @param seed of the adapter
   * @param path of the module
   */
  FreshValues(long seed, String path) {
    this.random = new SplittableRandom(seed * 31 + path.hashCode());
  }

  /** Uniform in ±1/√fanIn, as many as a matrix has. */
  float[] uniform(Tensor matrix, int fanIn) {
    float[] values = new float[Math.toIntExact(matrix.elements())];
    double bound = 1 / Math.sqrt(fanIn);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
    }
    return values;
  }

  /** From N(0, deviation²), as many as a matrix has. */
  float[] normal(Tensor matrix, double deviation) {
    float[] values = new float[Math.toIntExact(matrix.elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }
}
