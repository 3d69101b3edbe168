package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.tensor.Tensor;

/** Tensors of F32 on the host. */
record DeviceCopies(Backend backend) {

  float[] download(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }

  void upload(Tensor tensor, float[] values) {
    backend.transfers().upload(tensor, values);
  }
}
