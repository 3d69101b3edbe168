package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.LinearTerm;
import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Products on the GPU; weights are read as they are stored, so there are no panels. */
final class CudaMatmulOps implements MatmulOps {

  private final Execution execution;
  private final Int8Storage int8Storage;
  private final FullPrecisionProduct fullPrecision;
  private final TensorCoreProduct tensorCores;
  private final WarpgroupProduct warpgroups;
  private final WarpgroupPair pair;
  private final LlmInt8TensorProduct llmInt8;
  private final Projections projections;
  private final LowRankProduct lowRank;

  CudaMatmulOps(Execution execution) {
    this.execution = execution;
    this.int8Storage = new Int8Storage(execution);
    this.fullPrecision = new FullPrecisionProduct(execution);
    this.tensorCores = new TensorCoreProduct(execution);
    this.warpgroups = new WarpgroupProduct(execution);
    this.pair = new WarpgroupPair(execution);
    this.llmInt8 = new LlmInt8TensorProduct(execution);
    this.projections = new Projections(execution);
    this.lowRank = new LowRankProduct(execution);
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w) {
    OpChecks.linear(y, x, w);
    forward(ProductRows.of(y, x, Optional.empty()), w);
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w, Tensor residual) {
    OpChecks.linear(y, x, w, residual);
    forward(ProductRows.of(y, x, Optional.of(residual)), w);
  }

  @Override
  public void linearSum(Tensor y, LinearTerm first, LinearTerm second, Tensor residual) {
    OpChecks.linearSum(y, first, second, residual);
    requireData("linearSum", first.w());
    requireData("linearSum", second.w());
    if (WarpgroupProduct.takesSum(execution, first.w(), second.w())) {
      warpgroups.forwardSum(y, first, second, residual);
    } else {
      forward(ProductRows.of(y, first.x(), Optional.of(residual)), first.w());
      forward(ProductRows.of(y, second.x(), Optional.of(y)), second.w());
    }
  }

  @Override
  public Fork linearPair(Tensor y1, LinearTerm first, Tensor y2, LinearTerm second) {
    OpChecks.linearPair(y1, first, y2, second);
    requireData("linearPair", first.w());
    requireData("linearPair", second.w());
    if (!pair.takes(first, second)) {
      return new ProductsInGroups(
          execution.fork(),
          () -> forward(ProductRows.of(y1, first.x(), Optional.empty()), first.w()),
          () -> forward(ProductRows.of(y2, second.x(), Optional.empty()), second.w()));
    }
    execution.branches().ahead(() -> pair.forward(y1, first, y2, second));
    Fork fork = execution.fork();
    if (execution.device().capturing()) {
      execution.relay().begin();
    }
    return fork;
  }

  private void forward(ProductRows rows, Weight w) {
    requireData("linear", w);
    if (w instanceof Int8Weight int8 && int8.mode() == Int8Mode.LLM_INT8) {
      llmInt8.forward(rows, int8);
    } else if (inFullPrecision(w)) {
      fullPrecision.forward(rows, w);
    } else if (WarpgroupProduct.takes(execution, w)) {
      warpgroups.forward(rows, w);
    } else {
      tensorCores.forward(rows, w);
    }
  }

  @Override
  public void linearInputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate) {
    OpChecks.linearInputGradient(dx, dy, w);
    requireData("linearInputGradient", w);
    ProductRows rows = ProductRows.of(dx, dy, accumulate);
    if (inFullPrecision(w)) {
      fullPrecision.inputGradient(rows, w);
    } else if (WarpgroupProduct.takes(execution, w)) {
      warpgroups.inputGradient(rows, w);
    } else {
      tensorCores.inputGradient(rows, w);
    }
  }

  /** Whether activations and gradients meet a weight as they are; else they are rounded to BF16. */
  private boolean inFullPrecision(Weight w) {
    return execution.matrixInputs() == DType.F32
        || w instanceof DenseWeight dense && dense.values().dtype() == DType.F32;
  }

  private void requireData(String op, Weight w) {
    if (w instanceof Int8Weight int8) {
      OpChecks.int8Data(op, int8, int8Bytes(w.outFeatures(), w.inFeatures()));
    }
  }

  @Override
  public void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    OpChecks.project(y, column, x, p);
    projections.project(y, column, x, p, alpha, accumulate);
  }

  @Override
  public void projectInputGradient(
      Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    OpChecks.projectInputGradient(dx, dy, column, p);
    projections.inputGradient(dx, dy, column, p, alpha, accumulate);
  }

  @Override
  public void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows) {
    OpChecks.projectWeightGradient(dp, dy, column, x, rows);
    projections.weightGradient(dp, dy, column, x, alpha, rows);
  }

  @Override
  public void lowRank(Tensor y, Tensor x, List<LowRankTerm> terms) {
    OpChecks.lowRank(y, x, terms);
    lowRank.add(y, x, terms);
  }

  @Override
  public long int8Bytes(int outFeatures, int inFeatures) {
    return Int8Layout.bytes(outFeatures, inFeatures);
  }

  @Override
  public void quantize(Int8Weight target, Tensor source) {
    OpChecks.quantize(target, source);
    requireData("quantize", target);
    int8Storage.quantize(target, source);
  }

  @Override
  public void writeInt8(Int8Weight target, Tensor source) {
    OpChecks.writeInt8(target, source);
    requireData("writeInt8", target);
    int8Storage.write(target, source);
  }

  @Override
  public void readInt8(Tensor target, Int8Weight source) {
    OpChecks.readInt8(target, source);
    requireData("readInt8", source);
    int8Storage.read(target, source);
  }

  @Override
  public void randomInt8(Int8Weight target, float absmax, long key) {
    OpChecks.randomInt8(target, absmax);
    requireData("randomInt8", target);
    int8Storage.random(target, absmax, key);
  }

  @Override
  public long panelBytes(Weight w) {
    return 0;
  }

  @Override
  public void buildPanel(Weight w) {
    OpChecks.buildPanel(w, panelBytes(w));
    requireData("buildPanel", w);
    throw new UnsupportedOpException(
        "buildPanel: expected a backend with panels, found %s, which reads weights as they are stored. Build one only where panelBytes is not 0."
            .formatted(execution.device().name()));
  }

  static List<KernelSource> sources() {
    return Stream.concat(
            Stream.of(
                Int8Storage.KERNELS,
                FullPrecisionProduct.KERNELS,
                LlmInt8TensorProduct.KERNELS,
                Projections.KERNELS,
                LowRankProduct.KERNELS),
            Stream.concat(TensorCoreProduct.sources().stream(), WarpgroupKernel.sources().stream()))
        .toList();
  }
}
