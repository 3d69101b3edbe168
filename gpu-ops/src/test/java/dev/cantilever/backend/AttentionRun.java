package dev.cantilever.backend;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;

/**
 * Attention of rows to themselves on a backend, from and to host arrays.
 *
 * @param out [N, H·D]
 * @param lse [N, H]
 */
record AttentionRun(float[] out, float[] lse) {

  static AttentionRun of(
      Backend backend, TestTensors tensors, float[] qkv, AttentionSpec spec, int... lengths) {
    PackedRows rows = tensors.rows(lengths);
    Tensor out = tensors.output(DType.F32, rows.tokens(), spec.outputSize());
    Tensor lse = tensors.output(DType.F32, rows.tokens(), spec.heads());
    Tensor in = tensors.of(qkv, rows.tokens(), spec.projectionSize());
    backend.attention().attention(out, lse, in, rows, spec);
    return new AttentionRun(tensors.read(out), tensors.read(lse));
  }
}
