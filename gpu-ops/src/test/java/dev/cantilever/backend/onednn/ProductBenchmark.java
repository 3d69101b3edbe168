package dev.cantilever.backend.onednn;

import dev.cantilever.backend.onednn.WeightView.Layout;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.FloatPointer;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/**
 * {@link MatrixProduct} beside oneDNN's sgemm over the whole matrix, in operations per second
 * ({@code flops}). Run it as {@code dev.cantilever.model.ModelBenchmark} is run, by {@code
 * org.openjdk.jmh.Main ProductBenchmark}. oneDNN runs on its own OpenMP threads, which spin between
 * calls; so each way has a JVM of its own.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.Throughput)
@OutputTimeUnit(TimeUnit.SECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class ProductBenchmark {

  /** Rows of x. */
  @Param({"64", "200", "800"})
  public int rows;

  /** Outputs and inputs of the weight. */
  @Param({"768x256", "256x1024", "8192x256"})
  public String shape = "";

  private int out;
  private int in;
  private final Workers workers = Workers.ofMachine();
  private final MatrixProduct product = new MatrixProduct(workers);
  private @Nullable FloatPointer x;
  private @Nullable FloatPointer w;
  private @Nullable FloatPointer y;
  private @Nullable FloatPointer panels;

  /** Operations done; JMH divides by the time. */
  @State(Scope.Thread)
  @AuxCounters(AuxCounters.Type.OPERATIONS)
  public static class Work {

    /** Floating-point operations. */
    public double flops;
  }

  @Setup
  public void fill() {
    String[] sizes = shape.split("x");
    out = Integer.parseInt(sizes[0]);
    in = Integer.parseInt(sizes[1]);
    x = random((long) rows * in);
    w = random((long) out * in);
    y = random((long) rows * out);
    panels =
        new FloatPointer(
            (MatrixProduct.packedForwardBytes(out, in) + MatrixProduct.packedGradientBytes(out, in))
                / Float.BYTES);
    product.packForward(address(panels), weight(Layout.F32));
    product.packGradient(gradientPanels(), weight(Layout.F32));
  }

  @TearDown
  public void close() {
    workers.close();
  }

  private static FloatPointer random(long size) {
    Random random = new Random(7);
    FloatPointer pointer = new FloatPointer(size);
    for (long i = 0; i < size; i++) {
      pointer.put(i, random.nextFloat() - 0.5f);
    }
    return pointer;
  }

  private static long address(@Nullable FloatPointer pointer) {
    return Objects.requireNonNull(pointer).address();
  }

  private WeightView weight(Layout layout) {
    return new WeightView(address(w), layout, out, in);
  }

  private long gradientPanels() {
    return address(panels) + MatrixProduct.packedForwardBytes(out, in);
  }

  private void forward(WeightView weight, Work work) {
    product.forward(address(y), address(x), weight, rows, Epilogue.plain());
    count(work);
  }

  private void gradient(WeightView weight, Work work) {
    product.inputGradient(address(x), address(y), weight, rows, 0, 1f, false);
    count(work);
  }

  private void count(Work work) {
    work.flops += 2.0 * rows * out * in;
  }

  @Benchmark
  public int sgemm(Work work) {
    count(work);
    return dnnl.dnnl_sgemm((byte) 'N', (byte) 'T', rows, out, in, 1f, x, in, w, in, 0f, y, out);
  }

  @Benchmark
  public void forwardPanels(Work work) {
    forward(new WeightView(address(panels), Layout.PACKED_FORWARD, out, in), work);
  }

  @Benchmark
  public void forwardInt8(Work work) {
    forward(weight(Layout.INT8), work);
  }

  @Benchmark
  public void forwardF32(Work work) {
    forward(weight(Layout.F32), work);
  }

  @Benchmark
  public void gradientPanels(Work work) {
    gradient(new WeightView(gradientPanels(), Layout.PACKED_GRADIENT, out, in), work);
  }

  @Benchmark
  public void gradientInt8(Work work) {
    gradient(weight(Layout.INT8), work);
  }

  @Benchmark
  public void gradientF32(Work work) {
    gradient(weight(Layout.F32), work);
  }
}
