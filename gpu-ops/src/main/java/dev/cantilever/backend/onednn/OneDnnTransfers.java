package dev.cantilever.backend.onednn;

import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.ShapeException;
import dev.cantilever.backend.Transfers;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/** Copies where device and host are the same memory. */
final class OneDnnTransfers implements Transfers {

  private static final List<DType> CONVERTIBLE = List.of(DType.F32, DType.F16, DType.BF16);

  private final Workers workers;

  OneDnnTransfers(Workers workers) {
    this.workers = workers;
  }

  @Override
  public void upload(Tensor target, long hostAddress) {
    HostMemory.copy(target.address(), hostAddress, target.bytes());
  }

  @Override
  public void upload(Tensor target, float[] values) {
    check("upload", target, DType.F32, values.length);
    HostMemory.put(target.address(), values, 0, values.length);
  }

  @Override
  public void upload(Tensor target, int[] values) {
    check("upload", target, DType.I32, values.length);
    HostMemory.put(target.address(), values, 0, values.length);
  }

  @Override
  public void upload(Tensor target, long[] values) {
    check("upload", target, DType.I64, values.length);
    HostMemory.put(target.address(), values, 0, values.length);
  }

  @Override
  public void download(long hostAddress, Tensor source) {
    HostMemory.copy(hostAddress, source.address(), source.bytes());
  }

  @Override
  public void download(float[] target, Tensor source) {
    check("download", source, DType.F32, target.length);
    HostMemory.get(source.address(), target, 0, target.length);
  }

  @Override
  public void download(int[] target, Tensor source) {
    check("download", source, DType.I32, target.length);
    HostMemory.get(source.address(), target, 0, target.length);
  }

  private static void check(String op, Tensor tensor, DType type, int elements) {
    if (tensor.dtype() != type || tensor.elements() != elements) {
      throw new ShapeException(
          op + ": expected " + elements + " elements of " + type + ", as the array, got " + tensor);
    }
  }

  @Override
  public void copy(Tensor target, Tensor source) {
    if (target.dtype() != source.dtype() || target.elements() != source.elements()) {
      throw new ShapeException(
          "copy: expected tensors of equal type and size, got " + source + " into " + target);
    }
    HostMemory.copy(target.address(), source.address(), source.bytes());
  }

  @Override
  public void zero(Tensor target) {
    HostMemory.zero(target.address(), target.bytes());
  }

  @Override
  public void convert(Tensor target, Tensor source) {
    if (!CONVERTIBLE.contains(target.dtype())
        || !CONVERTIBLE.contains(source.dtype())
        || target.elements() != source.elements()) {
      throw new ShapeException(
          "convert: expected tensors of equal size of the types "
              + CONVERTIBLE
              + ", got "
              + source
              + " into "
              + target);
    }
    Tiles.elements(
        workers,
        source.elements(),
        1,
        (from, count, buffers) -> {
          StoredFloats.read(buffers[0], 0, source, from, count);
          StoredFloats.write(target, from, buffers[0], 0, count);
        });
  }

  @Override
  public void fillUniform(Tensor target, float bound, long key) {
    OpChecks.fillUniform(target, bound);
    Tiles.elements(
        workers,
        target.elements(),
        1,
        (from, count, buffers) -> {
          RandomElements.uniforms(buffers[0], from, count, bound, key);
          StoredFloats.write(target, from, buffers[0], 0, count);
        });
  }
}
