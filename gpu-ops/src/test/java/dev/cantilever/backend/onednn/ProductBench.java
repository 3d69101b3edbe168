package dev.cantilever.backend.onednn;

import dev.cantilever.backend.onednn.WeightView.Layout;
import java.util.Locale;
import java.util.Random;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.PointerScope;

/**
 * Prints GFLOP/s of {@link MatrixProduct} beside oneDNN's sgemm over the whole matrix, the
 * machine's own rate. A main, not a test: nothing here is asserted. Run it from the module's folder
 * with the test class path and {@code --add-modules jdk.incubator.vector}; an argument is the
 * worker count.
 *
 * <p>oneDNN runs on its own OpenMP threads, which spin between calls; so each way is timed by
 * itself.
 */
final class ProductBench {
  private static final int[] ROWS = {32, 64, 224, 800};
  private static final int[][] SHAPES = {
    {768, 256}, {256, 256}, {1024, 256}, {256, 1024}, {8192, 256}
  };
  private static final long NANOS = 200_000_000L;

  private ProductBench() {}

  public static void main(String[] arguments) {
    int count =
        arguments.length > 0
            ? Integer.parseInt(arguments[0])
            : Runtime.getRuntime().availableProcessors();
    Loader.load(dnnl.class);
    System.out.printf("lanes %d, workers %d%n", Tile.LANES, count);
    System.out.println("rows  out   in | sgemm | packed int8  f32 | gradient packed int8 f32");
    try (Workers workers = new Workers(count)) {
      MatrixProduct product = new MatrixProduct(workers);
      for (int[] shape : SHAPES) {
        for (int rows : ROWS) {
          measure(product, rows, shape[0], shape[1]);
        }
      }
      small(product, 224, 16, 256);
      small(product, 224, 768, 16);
      small(product, 224, 1, 256);
    }
  }

  private static void measure(MatrixProduct product, int rows, int out, int in) {
    try (PointerScope scope = new PointerScope()) {
      FloatPointer x = random((long) rows * in);
      FloatPointer w = random((long) out * in);
      FloatPointer y = random((long) rows * out);
      FloatPointer dx = random((long) rows * in);
      WeightView f32 = new WeightView(w.address(), Layout.F32, out, in);
      WeightView int8 = new WeightView(w.address(), Layout.INT8, out, in);
      FloatPointer packed = new FloatPointer(MatrixProduct.packedForwardBytes(out, in) / 4);
      FloatPointer gradient = new FloatPointer(MatrixProduct.packedGradientBytes(out, in) / 4);
      WeightView forward = product.packForward(packed.address(), f32);
      WeightView backward = product.packGradient(gradient.address(), f32);
      double flops = 2.0 * rows * out * in;
      Epilogue plain = Epilogue.plain();
      long xa = x.address();
      long ya = y.address();
      System.out.printf(
          Locale.ROOT,
          "%4d %5d %4d | %5.0f | %5.0f %5.0f %5.0f | %5.0f %5.0f %5.0f%n",
          rows,
          out,
          in,
          rate(
              flops,
              () ->
                  dnnl.dnnl_sgemm(
                      (byte) 'N', (byte) 'T', rows, out, in, 1f, x, in, w, in, 0f, y, out)),
          rate(flops, () -> product.forward(ya, xa, forward, rows, plain)),
          rate(flops, () -> product.forward(ya, xa, int8, rows, plain)),
          rate(flops, () -> product.forward(ya, xa, f32, rows, plain)),
          rate(flops, () -> product.inputGradient(dx.address(), ya, backward, rows, 0, 1f, 0f)),
          rate(flops, () -> product.inputGradient(dx.address(), ya, int8, rows, 0, 1f, 0f)),
          rate(flops, () -> product.inputGradient(dx.address(), ya, f32, rows, 0, 1f, 0f)));
    }
  }

  private static void small(MatrixProduct product, int rows, int out, int in) {
    try (PointerScope scope = new PointerScope()) {
      FloatPointer x = random((long) rows * in);
      FloatPointer p = random((long) out * in);
      FloatPointer y = random((long) rows * out);
      int[] offsets = new int[rows / 28 + 1];
      java.util.Arrays.setAll(offsets, i -> i * 28);
      double flops = 2.0 * rows * out * in;
      System.out.printf(
          Locale.ROOT,
          "trainable [%d, %d], %d rows: project %.0f, input gradient %.0f, weight gradient %.0f%n",
          out,
          in,
          rows,
          rate(
              flops,
              () ->
                  product.project(
                      y.address(), out, x.address(), p.address(), rows, out, in, 2f, 1f)),
          rate(
              flops,
              () ->
                  product.projectInputGradient(
                      x.address(), y.address(), out, p.address(), rows, out, in, 1e-9f, 0f)),
          rate(
              flops,
              () ->
                  product.projectWeightGradient(
                      p.address(), y.address(), out, x.address(), offsets, out, in, 1e-9f)));
    }
  }

  private static FloatPointer random(long size) {
    Random random = new Random(7);
    FloatPointer pointer = new FloatPointer(size);
    for (long i = 0; i < size; i++) {
      pointer.put(i, random.nextFloat() - 0.5f);
    }
    return pointer;
  }

  private static double rate(double flops, Runnable call) {
    long best = Long.MAX_VALUE;
    long end = System.nanoTime() + NANOS;
    while (System.nanoTime() < end) {
      long start = System.nanoTime();
      call.run();
      best = Math.min(best, System.nanoTime() - start);
    }
    return flops / best;
  }
}
