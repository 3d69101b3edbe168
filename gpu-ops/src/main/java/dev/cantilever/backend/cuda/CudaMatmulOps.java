package dev.cantilever.backend.cuda;

import dev.cantilever.backend.MatmulOps;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.List;

/** To be written. */
final class CudaMatmulOps implements MatmulOps {
  private final Execution execution;

  CudaMatmulOps(Execution execution) {
    this.execution = execution;
  }

  @Override
  public void linear(Tensor y, Tensor x, Weight w) {
    throw new UnsupportedOperationException("linear on " + execution.device().name());
  }

  @Override
  public void linearInputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate) {
    throw new UnsupportedOperationException("linearInputGradient on " + execution.device().name());
  }

  @Override
  public void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    throw new UnsupportedOperationException("project on " + execution.device().name());
  }

  @Override
  public void projectInputGradient(
      Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    throw new UnsupportedOperationException("projectInputGradient on " + execution.device().name());
  }

  @Override
  public void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows) {
    throw new UnsupportedOperationException(
        "projectWeightGradient on " + execution.device().name());
  }

  @Override
  public long int8Bytes(int outFeatures, int inFeatures) {
    throw new UnsupportedOperationException("int8Bytes on " + execution.device().name());
  }

  @Override
  public void quantize(Int8Weight target, Tensor source) {
    throw new UnsupportedOperationException("quantize on " + execution.device().name());
  }

  @Override
  public void readInt8(Tensor target, Int8Weight source) {
    throw new UnsupportedOperationException("readInt8 on " + execution.device().name());
  }

  @Override
  public void randomInt8(Int8Weight target, float absmax, long key) {
    throw new UnsupportedOperationException("randomInt8 on " + execution.device().name());
  }

  @Override
  public long panelBytes(Weight w) {
    throw new UnsupportedOperationException("panelBytes on " + execution.device().name());
  }

  @Override
  public void buildPanel(Weight w) {
    throw new UnsupportedOperationException("buildPanel on " + execution.device().name());
  }

  static List<KernelSource> sources() {
    return TensorCoreProduct.sources();
  }
}
