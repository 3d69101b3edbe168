package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Tensor;

/** Tensors of F32 on the host. */
record DeviceCopies(Backend backend) {

  float[] download(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }

  /** Reads values of any floating type as F32. */
  void downloadWidened(float[] to, Tensor from) {
    int count = Math.toIntExact(from.elements());
    HostMemory host = new HostMemory();
    long bytes = from.bytes();
    long address = host.allocate(bytes);
    try {
      backend.transfers().download(address, from);
      if (from.dtype() == DType.F32) {
        HostMemory.get(address, to, 0, count);
        return;
      }
      short[] bits = new short[count];
      HostMemory.get(address, bits, 0, count);
      if (from.dtype() == DType.F16) {
        HalfPrecision.f16ToF32(bits, to);
      } else {
        HalfPrecision.bf16ToF32(bits, to);
      }
    } finally {
      host.free(address, bytes);
    }
  }

  void upload(Tensor tensor, float[] values) {
    backend.transfers().upload(tensor, values);
  }
}
