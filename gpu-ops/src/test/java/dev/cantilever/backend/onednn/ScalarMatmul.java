package dev.cantilever.backend.onednn;

import dev.cantilever.backend.MatmulOps;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;

/**
 * A stand-in for the matrix product in tests of other families: F32 weights, one chain of fused
 * multiply-adds for each element. It is asked for the two products with a frozen weight only.
 */
final class ScalarMatmul implements MatmulOps {

  @Override
  public void linear(Tensor y, Tensor x, Weight w) {
    Tensor values = ((DenseWeight) w).values();
    int out = w.outFeatures();
    int in = w.inFeatures();
    for (int n = 0; n < x.size(0); n++) {
      for (int o = 0; o < out; o++) {
        float sum = 0;
        for (int i = 0; i < in; i++) {
          sum = Math.fma(at(x, n * in + i), at(values, o * in + i), sum);
        }
        int element = o;
        float bias = w.bias().map(b -> at(b, element)).orElse(0f);
        HostMemory.putFloat(y.address() + 4L * (n * out + o), sum + bias);
      }
    }
  }

  @Override
  public void linearInputGradient(Tensor dx, Tensor dy, Weight w, boolean accumulate) {
    Tensor values = ((DenseWeight) w).values();
    int out = w.outFeatures();
    int in = w.inFeatures();
    for (int n = 0; n < dy.size(0); n++) {
      for (int i = 0; i < in; i++) {
        float sum = accumulate ? at(dx, n * in + i) : 0;
        for (int o = 0; o < out; o++) {
          sum = Math.fma(at(dy, n * out + o), at(values, o * in + i), sum);
        }
        HostMemory.putFloat(dx.address() + 4L * (n * in + i), sum);
      }
    }
  }

  private static float at(Tensor tensor, int element) {
    return HostMemory.getFloat(tensor.address() + 4L * element);
  }

  @Override
  public void project(Tensor y, int column, Tensor x, Tensor p, float alpha, boolean accumulate) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public void projectInputGradient(
      Tensor dx, Tensor dy, int column, Tensor p, float alpha, boolean accumulate) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public void projectWeightGradient(
      Tensor dp, Tensor dy, int column, Tensor x, float alpha, PackedRows rows) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public long int8Bytes(int outFeatures, int inFeatures) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public void quantize(Int8Weight target, Tensor source) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public void readInt8(Tensor target, Int8Weight source) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public long panelBytes(Weight w) {
    return 0;
  }

  @Override
  public void buildPanel(Weight w) {
    throw new AssertionError("not a product with a frozen weight");
  }

  @Override
  public void randomInt8(Int8Weight target, float absmax, long key) {
    throw new UnsupportedOperationException("randomInt8");
  }
}
