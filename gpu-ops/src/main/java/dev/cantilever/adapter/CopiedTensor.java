package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;

/**
 * A copy of one of the base's tensors that came with an adapter, beside the base's own, a band of
 * rows at a time.
 */
final class CopiedTensor {

  /** What is done with a band. */
  interface Band {

    /**
     * Takes one.
     *
     * @param firstRow its first row
     * @param count elements in it
     * @param copied of the copy, [count], valid during the call
     * @param base of the base, likewise
     */
    void accept(int firstRow, int count, float[] copied, float[] base);
  }

  /** Elements of a band. */
  private static final int ELEMENTS = 1 << 20;

  /** A difference that has no other part needs one; more make up for what was rounded. */
  private static final int ITERATIONS = 3;

  private final DeviceCopies copies;
  private final AdapterDirectory source;
  private final SavedTensor copy;
  private final Tensor base;
  private final int columns;

  /**
   * Of equal shapes.
   *
   * @param base [O], or [O, I]
   */
  CopiedTensor(Backend backend, AdapterDirectory source, SavedTensor copy, Tensor base) {
    this.copies = new DeviceCopies(backend);
    this.source = source;
    this.copy = copy;
    this.base = base;
    this.columns = base.shape().rank() == 1 ? 1 : base.size(1);
  }

  /** I, or 1. */
  int columns() {
    return columns;
  }

  /** Goes through both. */
  void forEachBand(Band use) throws IOException {
    int rows = Math.max(1, Math.min(base.size(0), ELEMENTS / columns));
    float[] copied = new float[rows * columns];
    float[] own = new float[rows * columns];
    for (int first = 0; first < base.size(0); first += rows) {
      int last = Math.min(base.size(0), first + rows);
      int count = (last - first) * columns;
      source
          .file()
          .readFloats(source.file().entry(copy.name()), (long) first * columns, copied, count);
      copies.downloadWidened(own, base.slice(first, last));
      use.accept(first, count, copied, own);
    }
  }

  /**
   * What the base has more than the copy, as far as it is of a rank.
   *
   * @param rank R
   */
  LowRankFactors lacking(int rank) throws IOException {
    try {
      return PrincipalFactors.of(difference(), rank, ITERATIONS);
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }

  private PrincipalFactors.Matrix difference() {
    return new PrincipalFactors.Matrix() {
      @Override
      public int outputs() {
        return base.size(0);
      }

      @Override
      public int inputs() {
        return columns;
      }

      @Override
      public double[] times(double[] x) {
        int vectors = x.length / columns;
        double[] y = new double[vectors * outputs()];
        forEachDifference(
            (first, part) -> {
              double[] some = part.times(x);
              for (int k = 0; k < vectors; k++) {
                int to = k * outputs() + first;
                System.arraycopy(some, k * part.outputs(), y, to, part.outputs());
              }
            });
        return y;
      }

      @Override
      public double[] transposedTimes(double[] y) {
        int vectors = y.length / outputs();
        double[] x = new double[vectors * columns];
        forEachDifference(
            (first, part) -> {
              double[] some = new double[vectors * part.outputs()];
              for (int k = 0; k < vectors; k++) {
                int from = k * outputs() + first;
                System.arraycopy(y, from, some, k * part.outputs(), part.outputs());
              }
              double[] added = part.transposedTimes(some);
              for (int i = 0; i < x.length; i++) {
                x[i] += added[i];
              }
            });
        return x;
      }
    };
  }

  private interface Difference {
    void accept(int firstRow, HostMatrix part);
  }

  private void forEachDifference(Difference use) {
    try {
      forEachBand(
          (first, count, copied, own) -> {
            float[] difference = Arrays.copyOf(own, count);
            for (int i = 0; i < count; i++) {
              difference[i] -= copied[i];
            }
            use.accept(first, new HostMatrix(difference, count / columns, columns));
          });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
