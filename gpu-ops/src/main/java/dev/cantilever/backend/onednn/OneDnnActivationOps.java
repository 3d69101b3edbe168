package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.Philox;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;

/** Elementwise operations on the CPU, a tile at a time in cache. */
final class OneDnnActivationOps implements ActivationOps {

  private final Workers workers;

  OneDnnActivationOps(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void activate(Tensor y, Tensor x, Activation f) {
    OpChecks.activation("activate", y, x);
    VectorActivations.Forward kernel = VectorActivations.forward(f);
    Tiles.elements(
        workers,
        x.elements(),
        2,
        (from, count, buffers) -> {
          float[] values = buffers[0];
          HostMemory.get(x.address() + 4 * from, values, 0, count);
          kernel.run(values, values, count, buffers[1]);
          HostMemory.put(y.address() + 4 * from, values, 0, count);
        });
  }

  @Override
  public void activateBackward(Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    OpChecks.activation("activateBackward", dx, dy, x);
    VectorActivations.Backward kernel = VectorActivations.backward(f);
    Tiles.elements(
        workers,
        x.elements(),
        3,
        (from, count, buffers) -> {
          float[] gradient = buffers[0];
          float[] values = buffers[1];
          HostMemory.get(dy.address() + 4 * from, gradient, 0, count);
          HostMemory.get(x.address() + 4 * from, values, 0, count);
          kernel.run(gradient, gradient, values, count, buffers[2]);
          store(dx, from, gradient, count, accumulate, buffers[2]);
        });
  }

  @Override
  public void activateGated(Tensor y, Tensor x, Activation f) {
    OpChecks.activateGated(y, x);
    VectorActivations.Forward kernel = VectorActivations.forward(f);
    int width = y.size(1);
    pieces(
        y.size(0),
        width,
        3,
        (row, from, count, buffers) -> {
          float[] gate = buffers[0];
          float[] up = buffers[1];
          long pair = 4 * (2L * row * width + from);
          HostMemory.get(x.address() + pair, gate, 0, count);
          HostMemory.get(x.address() + pair + 4L * width, up, 0, count);
          kernel.run(gate, gate, count, buffers[2]);
          for (int i = 0; i < count; i++) {
            gate[i] *= up[i];
          }
          HostMemory.put(y.address() + 4 * ((long) row * width + from), gate, 0, count);
        });
  }

  @Override
  public void activateGatedBackward(
      Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    OpChecks.activateGatedBackward(dx, dy, x);
    VectorActivations.Forward value = VectorActivations.forward(f);
    VectorActivations.Backward slope = VectorActivations.backward(f);
    int width = dy.size(1);
    pieces(
        dy.size(0),
        width,
        5,
        (row, from, count, buffers) -> {
          float[] gate = buffers[0];
          float[] up = buffers[1];
          float[] gradient = buffers[2];
          float[] active = buffers[3];
          long pair = 2L * row * width + from;
          HostMemory.get(x.address() + 4 * pair, gate, 0, count);
          HostMemory.get(x.address() + 4 * (pair + width), up, 0, count);
          HostMemory.get(dy.address() + 4 * ((long) row * width + from), gradient, 0, count);
          value.run(active, gate, count, buffers[4]);
          for (int i = 0; i < count; i++) {
            active[i] *= gradient[i];
            gradient[i] *= up[i];
          }
          slope.run(gradient, gradient, gate, count, buffers[4]);
          store(dx, pair, gradient, count, accumulate, buffers[4]);
          store(dx, pair + width, active, count, accumulate, buffers[4]);
        });
  }

  /** Work on a piece of a row. */
  @FunctionalInterface
  private interface Piece {
    /** Works on the elements {@code [from, from + count)} of row {@code row}. */
    void run(int row, int from, int count, float[][] buffers);
  }

  /** Runs {@code body} over all pieces of all rows, each of a tile's size at most. */
  private void pieces(int rows, int width, int buffers, Piece body) {
    Tiles.rows(
        workers,
        rows,
        width,
        (first, end) -> {
          float[][] scratch = new float[buffers][Tiles.ELEMENTS];
          for (int row = first; row < end; row++) {
            for (int from = 0; from < width; from += Tiles.ELEMENTS) {
              body.run(row, from, Math.min(Tiles.ELEMENTS, width - from), scratch);
            }
          }
        });
  }

  private static void store(
      Tensor y, long from, float[] values, int count, boolean accumulate, float[] present) {
    if (accumulate) {
      HostMemory.get(y.address() + 4 * from, present, 0, count);
      for (int i = 0; i < count; i++) {
        values[i] += present[i];
      }
    }
    HostMemory.put(y.address() + 4 * from, values, 0, count);
  }

  @Override
  public void add(Tensor y, Tensor a, Tensor b) {
    OpChecks.activation("add", y, a, b);
    sum(workers, y, a, b);
  }

  /** y = a + b; y may be one of them. */
  static void sum(Workers workers, Tensor y, Tensor a, Tensor b) {
    Tiles.elements(
        workers,
        y.elements(),
        2,
        (from, count, buffers) -> {
          HostMemory.get(a.address() + 4 * from, buffers[0], 0, count);
          HostMemory.get(b.address() + 4 * from, buffers[1], 0, count);
          for (int i = 0; i < count; i++) {
            buffers[0][i] += buffers[1][i];
          }
          HostMemory.put(y.address() + 4 * from, buffers[0], 0, count);
        });
  }

  @Override
  public void softcap(Tensor y, Tensor x, float cap) {
    OpChecks.softcap(y, x, cap);
    Tiles.elements(
        workers,
        x.elements(),
        1,
        (from, count, buffers) -> {
          HostMemory.get(x.address() + 4 * from, buffers[0], 0, count);
          VectorMath.softcap(buffers[0], buffers[0], count, cap);
          HostMemory.put(y.address() + 4 * from, buffers[0], 0, count);
        });
  }

  @Override
  public void scale(Tensor y, Tensor x, float factor) {
    OpChecks.activation("scale", y, x);
    Tiles.elements(
        workers,
        x.elements(),
        1,
        (from, count, buffers) -> {
          float[] values = buffers[0];
          HostMemory.get(x.address() + 4 * from, values, 0, count);
          for (int i = 0; i < count; i++) {
            values[i] *= factor;
          }
          HostMemory.put(y.address() + 4 * from, values, 0, count);
        });
  }

  @Override
  public void multiply(Tensor y, Tensor a, Tensor b) {
    OpChecks.activation("multiply", y, a, b);
    Tiles.elements(
        workers,
        y.elements(),
        2,
        (from, count, buffers) -> {
          HostMemory.get(a.address() + 4 * from, buffers[0], 0, count);
          HostMemory.get(b.address() + 4 * from, buffers[1], 0, count);
          for (int i = 0; i < count; i++) {
            buffers[0][i] *= buffers[1][i];
          }
          HostMemory.put(y.address() + 4 * from, buffers[0], 0, count);
        });
  }

  @Override
  public void affineColumns(
      Tensor y, Tensor x, int column, Tensor factor, Tensor shift, boolean accumulate) {
    OpChecks.affineColumns(y, x, column, factor, shift);
    int pitch = y.size(1);
    pieces(
        y.size(0),
        factor.size(0),
        4,
        (row, from, count, buffers) -> {
          float[] values = buffers[0];
          long at = (long) row * pitch + column + from;
          HostMemory.get(x.address() + 4 * at, values, 0, count);
          HostMemory.get(factor.address() + 4L * from, buffers[1], 0, count);
          HostMemory.get(shift.address() + 4L * from, buffers[2], 0, count);
          for (int i = 0; i < count; i++) {
            values[i] = Math.fma(buffers[1][i], values[i], buffers[2][i]);
          }
          store(y, at, values, count, accumulate, buffers[3]);
        });
  }

  /** Element i takes word i mod 4 of counter i div 4 and is kept from {@code p} on. */
  @Override
  public void dropout(Tensor y, Tensor x, float p, long key, boolean accumulate) {
    OpChecks.dropout(y, x, p);
    float scale = 1f / (1f - p);
    Tiles.elements(
        workers,
        x.elements(),
        2,
        (from, count, buffers) -> {
          float[] values = buffers[0];
          HostMemory.get(x.address() + 4 * from, values, 0, count);
          int[] words = new int[4];
          for (int i = 0; i < count; i++) {
            long element = from + i;
            if (i == 0 || element % 4 == 0) {
              long counter = element / 4;
              Philox.words(words, 0, key, (int) counter, (int) (counter >>> 32), 0, 0);
            }
            boolean kept = Philox.uniform(words[(int) (element % 4)]) >= p;
            values[i] = kept ? values[i] * scale : 0f;
          }
          store(y, from, values, count, accumulate, buffers[1]);
        });
  }
}
