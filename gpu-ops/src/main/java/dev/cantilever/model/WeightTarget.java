package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;

/**
 * Where weights are put, and the host memory they pass through.
 *
 * @param backend the device
 * @param staging one buffer for all tensors
 */
record WeightTarget(Backend backend, StagingBuffer staging) {

  /** Brings bytes of a tensor to the staging buffer. */
  @FunctionalInterface
  interface Window<E extends Exception> {

    /**
     * Writes {@code bytes} bytes of the tensor to a host address.
     *
     * @param offset bytes from the start of the tensor
     */
    void write(long offset, long bytes, long address) throws E;
  }

  /** Fills a tensor through the staging buffer, window by window. */
  <E extends Exception> void stream(Tensor target, Window<E> window) throws E {
    for (long offset = 0; offset < target.bytes(); offset += StagingBuffer.BYTES) {
      long bytes = Math.min(StagingBuffer.BYTES, target.bytes() - offset);
      window.write(offset, bytes, staging.address());
      Tensor part = Tensor.at(target.address() + offset, DType.I8, Shape.of(bytes));
      backend.transfers().upload(part, staging.address());
    }
  }
}
