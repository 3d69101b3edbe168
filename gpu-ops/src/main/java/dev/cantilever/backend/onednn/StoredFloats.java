package dev.cantilever.backend.onednn;

import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Tensor;

/** Reads and writes ranges of F32, F16 and BF16 tensors as floats. */
final class StoredFloats {

  private StoredFloats() {}

  /** All elements of a tensor. */
  static float[] all(Tensor source) {
    float[] values = new float[Math.toIntExact(source.elements())];
    read(values, 0, source, 0, values.length);
    return values;
  }

  /** Widens {@code count} elements from element {@code from} into {@code target} at {@code at}. */
  static void read(float[] target, int at, Tensor source, long from, int count) {
    long address = source.address() + from * source.dtype().bytes();
    if (source.dtype() == DType.F32) {
      HostMemory.get(address, target, at, count);
      return;
    }
    short[] bits = new short[count];
    HostMemory.get(address, bits, 0, count);
    if (source.dtype() == DType.F16) {
      for (int i = 0; i < count; i++) {
        target[at + i] = HalfPrecision.f16ToF32(bits[i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        target[at + i] = HalfPrecision.bf16ToF32(bits[i]);
      }
    }
  }

  /** Narrows {@code count} values of {@code source} from {@code at} into elements of a tensor. */
  static void write(Tensor target, long from, float[] source, int at, int count) {
    long address = target.address() + from * target.dtype().bytes();
    if (target.dtype() == DType.F32) {
      HostMemory.put(address, source, at, count);
      return;
    }
    short[] bits = new short[count];
    if (target.dtype() == DType.F16) {
      for (int i = 0; i < count; i++) {
        bits[i] = HalfPrecision.f32ToF16(source[at + i]);
      }
    } else {
      for (int i = 0; i < count; i++) {
        bits[i] = HalfPrecision.f32ToBf16(source[at + i]);
      }
    }
    HostMemory.put(address, bits, 0, count);
  }
}
