package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Activation;
import dev.cantilever.backend.ActivationOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Elementwise operations on the GPU, four elements a thread at a time. */
final class CudaActivationOps implements ActivationOps {

  static final KernelSource KERNELS = KernelSource.of(CudaActivationOps.class, "activation.cu");

  private static final int THREADS = 256;
  private static final int ELEMENTS_PER_THREAD = 4;

  private final Execution execution;

  CudaActivationOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void activate(Tensor y, Tensor x, Activation f) {
    OpChecks.activation("activate", y, x);
    RoundedRows.Place rounded = execution.roundedRows().place(y);
    run(
        launch("activate")
            .pointer(y)
            .pointer(x)
            .integer64(x.elements())
            .integer(code(f))
            .integer(rounded.width())
            .pointer(rounded.address())
            .integer(rounded.groups()),
        x);
    execution.roundedRows().written(y, rounded);
  }

  @Override
  public void activateBackward(Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    OpChecks.activation("activateBackward", dx, dy, x);
    run(
        launch("activate_backward")
            .pointer(dx)
            .pointer(dy)
            .pointer(x)
            .integer64(x.elements())
            .integer(code(f))
            .integer(accumulate ? 1 : 0),
        x);
  }

  @Override
  public void activateGated(Tensor y, Tensor x, Activation f) {
    OpChecks.activateGated(y, x);
    RoundedRows.Place rounded = execution.roundedRows().place(y);
    runByRows(
        launch("activate_gated")
            .pointer(y)
            .pointer(x)
            .integer(y.size(1))
            .integer(code(f))
            .pointer(rounded.address())
            .integer(rounded.groups()),
        y);
    execution.roundedRows().written(y, rounded);
  }

  @Override
  public void activateGatedBackward(
      Tensor dx, Tensor dy, Tensor x, Activation f, boolean accumulate) {
    OpChecks.activateGatedBackward(dx, dy, x);
    runByRows(
        launch("activate_gated_backward")
            .pointer(dx)
            .pointer(dy)
            .pointer(x)
            .integer(dy.size(1))
            .integer(code(f))
            .integer(accumulate ? 1 : 0),
        dy);
  }

  /** Blocks of a row do not reach into the next, so that no thread divides by a width. */
  private static void runByRows(LaunchBuffer launch, Tensor sized) {
    int perRow = Grids.blocks(sized.size(1), THREADS * ELEMENTS_PER_THREAD);
    launch.run(sized.size(0), perRow, 1, THREADS, 0);
  }

  @Override
  public void add(Tensor y, Tensor a, Tensor b) {
    OpChecks.activation("add", y, a, b);
    run(launch("add").pointer(y).pointer(a).pointer(b).integer64(y.elements()), y);
  }

  @Override
  public void softcap(Tensor y, Tensor x, float cap) {
    OpChecks.softcap(y, x, cap);
    run(launch("softcap").pointer(y).pointer(x).integer64(x.elements()).real(cap), x);
  }

  @Override
  public void scale(Tensor y, Tensor x, float factor) {
    OpChecks.activation("scale", y, x);
    run(launch("scale").pointer(y).pointer(x).integer64(x.elements()).real(factor), x);
  }

  @Override
  public void multiply(Tensor y, Tensor a, Tensor b) {
    OpChecks.activation("multiply", y, a, b);
    run(launch("multiply").pointer(y).pointer(a).pointer(b).integer64(y.elements()), y);
  }

  @Override
  public void affineColumns(
      Tensor y, Tensor x, int column, Tensor factor, Tensor shift, boolean accumulate) {
    OpChecks.affineColumns(y, x, column, factor, shift);
    launch("affine_columns")
        .pointer(y)
        .pointer(x)
        .pointer(factor)
        .pointer(shift)
        .integer(y.size(1))
        .integer(column)
        .integer(factor.size(0))
        .integer(accumulate ? 1 : 0)
        .run(y.size(0), Grids.blocks(factor.size(0), THREADS), 1, THREADS, 0);
  }

  @Override
  public void dropout(Tensor y, Tensor x, float p, long key, boolean accumulate) {
    OpChecks.dropout(y, x, p);
    run(
        launch("dropout")
            .pointer(y)
            .pointer(x)
            .integer64(x.elements())
            .real(p)
            .real(1f / (1f - p))
            .integer64(key)
            .integer(accumulate ? 1 : 0),
        x);
  }

  private LaunchBuffer launch(String kernel) {
    return execution.kernels().kernel(KERNELS, kernel).with();
  }

  private void run(LaunchBuffer launch, Tensor sized) {
    long quads = (sized.elements() + ELEMENTS_PER_THREAD - 1) / ELEMENTS_PER_THREAD;
    launch.run(Grids.strided(quads, THREADS, execution.device()), THREADS);
  }

  /** The number by which the kernels know a function. */
  private static int code(Activation f) {
    return switch (f) {
      case GELU -> 0;
      case GELU_TANH -> 1;
      case RELU -> 2;
      case SILU -> 3;
      case TANH -> 4;
    };
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
