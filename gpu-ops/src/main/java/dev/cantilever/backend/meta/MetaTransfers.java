package dev.cantilever.backend.meta;

import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.backend.Transfers;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Sizes are checked, nothing moves: a download leaves its target as it is. */
final class MetaTransfers implements Transfers {

  private static final List<DType> CONVERTIBLE = List.of(DType.F32, DType.F16, DType.BF16);

  @Override
  public void upload(Tensor target, long hostAddress) {}

  @Override
  public void upload(Tensor target, float[] values) {
    check("upload", target, DType.F32, values.length);
  }

  @Override
  public void upload(Tensor target, int[] values) {
    check("upload", target, DType.I32, values.length);
  }

  @Override
  public void upload(Tensor target, long[] values) {
    check("upload", target, DType.I64, values.length);
  }

  @Override
  public void download(long hostAddress, Tensor source) {}

  @Override
  public void download(float[] target, Tensor source) {
    check("download", source, DType.F32, target.length);
  }

  @Override
  public void download(int[] target, Tensor source) {
    check("download", source, DType.I32, target.length);
  }

  @Override
  public void copy(Tensor target, Tensor source) {
    OpChecks.elementwise("copy", target, source);
  }

  @Override
  public void zero(Tensor target) {}

  @Override
  public void convert(Tensor target, Tensor source) {
    if (!CONVERTIBLE.contains(target.dtype())
        || !CONVERTIBLE.contains(source.dtype())
        || target.elements() != source.elements()) {
      throw new ShapeException(
          "convert: expected tensors of equal size of the types %s, got %s into %s. Check both."
              .formatted(CONVERTIBLE, source, target));
    }
  }

  private static void check(String op, Tensor tensor, DType type, int elements) {
    if (tensor.dtype() != type || tensor.elements() != elements) {
      throw new ShapeException(
          "%s: expected %d elements of %s, as the array, got %s. Make one fit the other."
              .formatted(op, elements, type, tensor));
    }
  }

  @Override
  public void fillUniform(Tensor target, float bound, long key) {
    OpChecks.fillUniform(target, bound);
  }
}
