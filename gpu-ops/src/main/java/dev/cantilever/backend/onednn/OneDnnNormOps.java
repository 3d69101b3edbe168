package dev.cantilever.backend.onednn;

import dev.cantilever.backend.AttentionSpec;
import dev.cantilever.backend.NormOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;

/** Norms on the CPU: a row at a time in cache, sums in the lanes of {@link VectorMath}. */
final class OneDnnNormOps implements NormOps {

  /*
   * The mean is taken twice: first of x, then of what is left after subtracting that. The second
   * removes the first one's rounding, which for a row like 10000 ± 0.01 would be as large as the
   * spread itself, and makes the variance of equal values vanish.
   */

  private final Workers workers;

  OneDnnNormOps(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void layerNorm(Tensor y, Tensor x, Tensor gamma, Tensor beta, float eps) {
    OpChecks.layerNorm(y, x, gamma, beta);
    int c = x.size(1);
    float[] scale = StoredFloats.all(gamma); // [C]
    float[] shift = StoredFloats.all(beta); // [C]
    Tiles.rows(
        workers,
        x.size(0),
        c,
        (from, to) -> {
          float[] row = new float[c];
          for (int n = from; n < to; n++) {
            HostMemory.get(x.address() + 4L * n * c, row, 0, c);
            float rstd = centre(row, c, eps);
            for (int i = 0; i < c; i++) {
              row[i] = Math.fma(row[i] * rstd, scale[i], shift[i]);
            }
            HostMemory.put(y.address() + 4L * n * c, row, 0, c);
          }
        });
  }

  /** Subtracts the row's mean from it and returns 1/√(var + eps). */
  private static float centre(float[] row, int c, float eps) {
    subtract(row, c, VectorMath.sum(row, 0, c) / c);
    subtract(row, c, VectorMath.sum(row, 0, c) / c);
    float variance = VectorMath.dot(row, 0, row, 0, c) / c;
    return (float) (1 / Math.sqrt((double) variance + eps));
  }

  private static void subtract(float[] row, int c, float value) {
    for (int i = 0; i < c; i++) {
      row[i] -= value;
    }
  }

  @Override
  public void layerNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.layerNormBackward(dx, dy, x, gamma);
    backward(dx, dy, x, gamma, accumulate, true, row -> centre(row, row.length, eps));
  }

  @Override
  public void rmsNorm(Tensor y, Tensor x, Tensor gamma, float eps) {
    OpChecks.rmsNorm(y, x, gamma);
    int c = x.size(1);
    float[] scale = StoredFloats.all(gamma); // [C]
    Tiles.rows(
        workers,
        x.size(0),
        c,
        (from, to) -> {
          float[] row = new float[c];
          for (int n = from; n < to; n++) {
            HostMemory.get(x.address() + 4L * n * c, row, 0, c);
            float factor = inverseRootMeanSquare(row, 0, c, eps);
            for (int i = 0; i < c; i++) {
              row[i] = row[i] * factor * scale[i];
            }
            HostMemory.put(y.address() + 4L * n * c, row, 0, c);
          }
        });
  }

  private static float inverseRootMeanSquare(float[] row, int at, int c, float eps) {
    float meanSquare = VectorMath.dot(row, at, row, at, c) / c;
    return (float) (1 / Math.sqrt((double) meanSquare + eps));
  }

  @Override
  public void rmsNormBackward(
      Tensor dx, Tensor dy, Tensor x, Tensor gamma, float eps, boolean accumulate) {
    OpChecks.rmsNormBackward(dx, dy, x, gamma);
    backward(
        dx, dy, x, gamma, accumulate, false, row -> inverseRootMeanSquare(row, 0, row.length, eps));
  }

  /** What a row is multiplied by to be normalised; it may be changed first. */
  @FunctionalInterface
  private interface RowFactor {
    float of(float[] row);
  }

  /**
   * With g = dy·gamma and z the normalised row: dx = (g − mean(g) − z·mean(g·z))·factor.
   *
   * @param centred whether the norm subtracts the mean; else mean(g) is left out
   */
  private void backward(
      Tensor dx,
      Tensor dy,
      Tensor x,
      Tensor gamma,
      boolean accumulate,
      boolean centred,
      RowFactor factors) {
    int c = x.size(1);
    float[] scale = StoredFloats.all(gamma); // [C]
    Tiles.rows(
        workers,
        x.size(0),
        c,
        (from, to) -> {
          float[] normalised = new float[c];
          float[] g = new float[c];
          float[] out = new float[c];
          for (int n = from; n < to; n++) {
            long at = 4L * n * c;
            HostMemory.get(x.address() + at, normalised, 0, c);
            HostMemory.get(dy.address() + at, g, 0, c);
            if (accumulate) {
              HostMemory.get(dx.address() + at, out, 0, c);
            } else {
              Arrays.fill(out, 0f);
            }
            float factor = factors.of(normalised);
            for (int i = 0; i < c; i++) {
              normalised[i] *= factor;
              g[i] *= scale[i];
            }
            float meanG = centred ? VectorMath.sum(g, 0, c) / c : 0;
            float meanProduct = VectorMath.dot(g, 0, normalised, 0, c) / c;
            for (int i = 0; i < c; i++) {
              out[i] += Math.fma(-normalised[i], meanProduct, g[i] - meanG) * factor;
            }
            HostMemory.put(dx.address() + at, out, 0, c);
          }
        });
  }

  @Override
  public void headNorm(
      Tensor y, Tensor x, Tensor queryGamma, Tensor keyGamma, float eps, AttentionSpec spec) {
    OpChecks.headNorm(y, x, queryGamma, keyGamma, spec);
    int w = x.size(1);
    int d = spec.headSize();
    HeadScales scales = HeadScales.of(queryGamma, keyGamma, spec);
    Tiles.rows(
        workers,
        x.size(0),
        w,
        (from, to) -> {
          float[] row = new float[w];
          for (int n = from; n < to; n++) {
            HostMemory.get(x.address() + 4L * n * w, row, 0, w);
            for (int head = 0; head < scales.heads(); head++) {
              float[] scale = scales.of(head);
              float factor = inverseRootMeanSquare(row, head * d, d, eps);
              for (int i = 0; i < d; i++) {
                row[head * d + i] = row[head * d + i] * factor * scale[i];
              }
            }
            HostMemory.put(y.address() + 4L * n * w, row, 0, w);
          }
        });
  }

  @Override
  public void headNormBackward(
      Tensor dx,
      Tensor dy,
      Tensor x,
      Tensor queryGamma,
      Tensor keyGamma,
      float eps,
      AttentionSpec spec,
      boolean accumulate) {
    OpChecks.headNormBackward(dx, dy, x, queryGamma, keyGamma, spec);
    int w = x.size(1);
    HeadScales scales = HeadScales.of(queryGamma, keyGamma, spec);
    Tiles.rows(
        workers,
        x.size(0),
        w,
        (from, to) -> {
          float[] row = new float[w];
          float[] g = new float[w];
          float[] out = new float[w];
          for (int n = from; n < to; n++) {
            long at = 4L * n * w;
            HostMemory.get(x.address() + at, row, 0, w);
            HostMemory.get(dy.address() + at, g, 0, w);
            for (int head = 0; head < scales.heads(); head++) {
              headBackward(g, row, head * spec.headSize(), scales.of(head), eps);
            }
            if (accumulate) {
              HostMemory.get(dx.address() + at, out, 0, w);
              for (int i = 0; i < w; i++) {
                g[i] += out[i];
              }
            }
            HostMemory.put(dx.address() + at, g, 0, w);
          }
        });
  }

  /** Makes of the gradient in {@code g} from {@code at} on that of the head; the head is spent. */
  private static void headBackward(float[] g, float[] row, int at, float[] scale, float eps) {
    int d = scale.length;
    float factor = inverseRootMeanSquare(row, at, d, eps);
    for (int i = 0; i < d; i++) {
      row[at + i] *= factor;
      g[at + i] *= scale[i];
    }
    float meanProduct = VectorMath.dot(g, at, row, at, d) / d;
    for (int i = 0; i < d; i++) {
      g[at + i] = Math.fma(-row[at + i], meanProduct, g[at + i]) * factor;
    }
  }

  /**
   * What heads are multiplied by.
   *
   * @param queries [D], of the first {@code queryHeads}
   * @param keys [D], of the others
   * @param heads how many have a norm, those of queries and keys
   */
  private record HeadScales(float[] queries, float[] keys, int queryHeads, int heads) {

    static HeadScales of(Tensor queryGamma, Tensor keyGamma, AttentionSpec spec) {
      return new HeadScales(
          StoredFloats.all(queryGamma),
          StoredFloats.all(keyGamma),
          spec.heads(),
          spec.heads() + spec.kvHeads());
    }

    float[] of(int head) {
      return head < queryHeads ? queries : keys;
    }
  }
}
