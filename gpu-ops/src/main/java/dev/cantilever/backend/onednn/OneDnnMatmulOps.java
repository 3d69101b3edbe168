package dev.cantilever.backend.onednn;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Products on the CPU. An int8 weight lies row-major; a panel holds it, or a dense one, unpacked to
 * floats twice: for the product and for its input gradient.
 */
final class OneDnnMatmulOps implements MatmulOps {

  private static final float LARGEST = 127;

  private final Workers workers;
  private final Arena workspace;
  private final long workspaceBytes;
  private final MatrixProduct product;
  private final LlmInt8Product llmInt8;

  OneDnnMatmulOps(Workers workers, Arena workspace, long workspaceBytes) {
    this.workers = workers;
    this.workspace = workspace;
    this.workspaceBytes = workspaceBytes;
    this.product = new MatrixProduct(workers);
    this.llmInt8 = new LlmInt8Product(workers, workspace, workspaceBytes, product);
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w) {
    OpChecks.linear(y, x, w);
    forward(y, x, w, Optional.empty());
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w, Tensor residual) {
    OpChecks.linear(y, x, w, residual);
    forward(y, x, w, Optional.of(residual));
  }

  @Override
  public void linearSum(Tensor y, LinearTerm first, LinearTerm second, Tensor residual) {
    OpChecks.linearSum(y, first, second, residual);
    forward(y, first.x(), first.w(), Optional.empty());
    forward(y, second.x(), second.w(), Optional.of(y));
    OneDnnActivationOps.sum(workers, y, y, residual);
  }

  @Override
  public Fork linearPair(Tensor y1, LinearTerm first, Tensor y2, LinearTerm second) {
    OpChecks.linearPair(y1, first, y2, second);
    forward(y1, first.x(), first.w(), Optional.empty());
    forward(y2, second.x(), second.w(), Optional.empty());
    return Fork.inOrder();
  }

  private void forward(Tensor y, Tensor x, Weight w, Optional<Tensor> residual) {
    requireData("linear", w);
    long addend = residual.map(Tensor::address).orElse(0L);
    withBias(
        w,
        bias -> {
          WeightView view = forwardView(w);
          if (w instanceof Int8Weight int8 && int8.mode() == Int8Mode.LLM_INT8) {
            llmInt8.forward(y, x, int8, view, bias);
            residual.ifPresent(r -> OneDnnActivationOps.sum(workers, y, r, y));
          } else {
            Epilogue scaled =
                w instanceof Int8Weight int8
                    ? Epilogue.scaled(int8.absmax().address(), 1 / LARGEST)
                    : Epilogue.plain();
            Epilogue epilogue = scaled.withBias(bias).withAddend(addend);
            product.forward(y.address(), x.address(), view, x.size(0), epilogue);
          }
        });
  }

  @Override
  public void linearInputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate) {
    OpChecks.linearInputGradient(dx, dy, w);
    requireData("linearInputGradient", w);
    long scale = w instanceof Int8Weight int8 ? int8.absmax().address() : 0;
    float factor = scale == 0 ? 1 : 1 / LARGEST;
    product.inputGradient(
        dx.address(), dy.address(), gradientView(w), dy.size(0), scale, factor, accumulate);
  }

  private void requireData(String op, Weight w) {
    if (w instanceof Int8Weight int8) {
      OpChecks.int8Data(op, int8, int8Bytes(w.outFeatures(), w.inFeatures()));
    }
  }

  private static WeightView forwardView(Weight w) {
    return w.panel()
        .map(
            panel ->
                new WeightView(
                    panel.address(),
                    WeightView.Layout.PACKED_FORWARD,
                    w.outFeatures(),
                    w.inFeatures()))
        .orElseGet(() -> storedView(w));
  }

  private static WeightView gradientView(Weight w) {
    long first = MatrixProduct.packedForwardBytes(w.outFeatures(), w.inFeatures());
    return w.panel()
        .map(
            panel ->
                new WeightView(
                    panel.address() + first,
                    WeightView.Layout.PACKED_GRADIENT,
                    w.outFeatures(),
                    w.inFeatures()))
        .orElseGet(() -> storedView(w));
  }

  private static WeightView storedView(Weight w) {
    Tensor stored = w instanceof Int8Weight int8 ? int8.data() : ((DenseWeight) w).values();
    WeightView.Layout layout =
        switch (stored.dtype()) {
          case F16 -> WeightView.Layout.F16;
          case BF16 -> WeightView.Layout.BF16;
          case I8 -> WeightView.Layout.INT8;
          default -> WeightView.Layout.F32;
        };
    return new WeightView(stored.address(), layout, w.outFeatures(), w.inFeatures());
  }

  /** Calls {@code body} with the address of the bias as floats, or with 0. */
  private void withBias(Weight w, LongConsumer body) {
    if (w.bias().isEmpty()) {
      body.accept(0);
      return;
    }
    Tensor bias = w.bias().get();
    if (bias.dtype() == DType.F32) {
      body.accept(bias.address());
      return;
    }
    Arena.Mark mark = workspace.mark();
    try {
      Tensor floats = Tensor.in(workspace, DType.F32, bias.shape());
      float[] values = StoredFloats.all(bias);
      HostMemory.put(floats.address(), values, 0, values.length);
      body.accept(floats.address());
    } finally {
      workspace.reset(mark);
    }
  }

  @Override
  public void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    OpChecks.project(y, column, x, p);
    product.project(
        y.address() + 4L * column,
        y.size(1),
        x.address(),
        p.address(),
        x.size(0),
        p.size(0),
        p.size(1),
        alpha,
        accumulate);
  }

  @Override
  public void projectInputGradient(
      Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    OpChecks.projectInputGradient(dx, dy, column, p);
    product.projectInputGradient(
        dx.address(),
        dy.address() + 4L * column,
        dy.size(1),
        p.address(),
        dx.size(0),
        p.size(0),
        p.size(1),
        alpha,
        accumulate);
  }

  @Override
  public void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows) {
    OpChecks.projectWeightGradient(dp, dy, column, x, rows);
    product.projectWeightGradient(
        dp.address(),
        dy.address() + 4L * column,
        dy.size(1),
        x.address(),
        rows.offsets(),
        dp.size(0),
        dp.size(1),
        alpha);
  }

  @Override
  public void lowRank(Tensor y, Tensor x, List<LowRankTerm> terms) {
    OpChecks.lowRank(y, x, terms);
    for (LowRankTerm term : terms) {
      Arena.Mark mark = workspace.mark();
      try {
        add(y, x, term);
      } finally {
        workspace.reset(mark);
      }
    }
  }

  /** In pieces of as many rows as have their x·Aᵀ in half of the workspace, and of one at least. */
  private void add(Tensor y, Tensor x, LowRankTerm term) {
    int n = x.size(0);
    long rowBytes = Math.max(1, 4L * term.rank());
    int atOnce = (int) Math.max(1, Math.min(n, workspaceBytes / 2 / rowBytes));
    Tensor h = Tensor.in(workspace, DType.F32, atOnce, term.rank());
    for (int from = 0; from < n; from += atOnce) {
      int to = Math.min(n, from + atOnce);
      Tensor some = h.slice(0, to - from);
      project(some, 0, x.slice(from, to), term.a(), 1, false);
      project(y.slice(from, to), term.column(), some, term.b(), term.scale(), true);
    }
  }

  @Override
  public long int8Bytes(int outFeatures, int inFeatures) {
    return OneDnnProfile.int8Bytes(outFeatures, inFeatures);
  }

  @Override
  public void quantize(Int8Weight target, Tensor source) {
    OpChecks.quantize(target, source);
    requireData("quantize", target);
    int in = target.inFeatures();
    Tiles.rows(
        workers,
        target.outFeatures(),
        in,
        (from, to) -> {
          float[] row = new float[in];
          byte[] quantised = new byte[in];
          for (int o = from; o < to; o++) {
            StoredFloats.read(row, 0, source, (long) o * in, in);
            float absmax = RowQuantizer.quantize(row, quantised, Float.POSITIVE_INFINITY);
            HostMemory.put(target.data().address() + (long) o * in, quantised, 0, in);
            HostMemory.putFloat(target.absmax().address() + 4L * o, absmax);
          }
        });
  }

  @Override
  public void writeInt8(Int8Weight target, Tensor source) {
    OpChecks.writeInt8(target, source);
    requireData("writeInt8", target);
    HostMemory.copy(target.data().address(), source.address(), source.bytes());
  }

  @Override
  public void readInt8(Tensor target, Int8Weight source) {
    OpChecks.readInt8(target, source);
    requireData("readInt8", source);
    HostMemory.copy(target.address(), source.data().address(), target.bytes());
  }

  @Override
  public long panelBytes(Weight w) {
    return OneDnnProfile.panelBytes(w);
  }

  @Override
  public void buildPanel(Weight w) {
    Tensor panel = OpChecks.buildPanel(w, panelBytes(w));
    requireData("buildPanel", w);
    WeightView stored = storedView(w);
    long first = MatrixProduct.packedForwardBytes(w.outFeatures(), w.inFeatures());
    product.packForward(panel.address(), stored);
    product.packGradient(panel.address() + first, stored);
  }

  @Override
  public void randomInt8(Int8Weight target, float absmax, long key) {
    OpChecks.randomInt8(target, absmax);
    requireData("randomInt8", target);
    long elements = (long) target.outFeatures() * target.inFeatures();
    Tiles.elements(
        workers,
        elements,
        0,
        (from, count, buffers) -> {
          byte[] integers = new byte[count];
          RandomElements.integers(integers, from, count, key);
          HostMemory.put(target.data().address() + from, integers, 0, count);
        });
    float[] scales = new float[target.outFeatures()];
    Arrays.fill(scales, absmax);
    HostMemory.put(target.absmax().address(), scales, 0, scales.length);
  }
}
