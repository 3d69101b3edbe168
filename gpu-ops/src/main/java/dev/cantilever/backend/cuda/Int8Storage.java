package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;

/** Fills and reads the integers of int8 weights, which lie as {@link Int8Layout} says. */
final class Int8Storage {

  static final KernelSource KERNELS = KernelSource.of(Int8Storage.class, "int8_storage.cu");

  private static final int THREADS = 256;

  /** Rows that a block writes: {@code ROWS} of the kernels. */
  private static final int ROWS = 4;

  private final Execution execution;

  Int8Storage(Execution execution) {
    this.execution = execution;
  }

  /** See {@link dev.cantilever.backend.MatmulOps#quantize}. */
  void quantize(Int8Weight target, Tensor source) {
    execution
        .kernels()
        .kernel(KERNELS, "quantize")
        .with()
        .pointer(target.data())
        .pointer(target.absmax())
        .pointer(source)
        .integer(target.outFeatures())
        .integer(target.inFeatures())
        .integer(Int8Layout.padded(target.inFeatures()))
        .integer(StorageCode.of(source.dtype()))
        .run(Int8Layout.padded(target.outFeatures()) / ROWS, THREADS);
  }

  /** See {@link dev.cantilever.backend.MatmulOps#writeInt8}. */
  void write(Int8Weight target, Tensor source) {
    execution
        .kernels()
        .kernel(KERNELS, "write_int8")
        .with()
        .pointer(target.data())
        .pointer(source)
        .integer(target.outFeatures())
        .integer(target.inFeatures())
        .integer(Int8Layout.padded(target.inFeatures()))
        .run(Int8Layout.padded(target.outFeatures()) / ROWS, THREADS);
  }

  /** See {@link dev.cantilever.backend.MatmulOps#readInt8}. */
  void read(Tensor target, Int8Weight source) {
    execution
        .kernels()
        .kernel(KERNELS, "read_int8")
        .with()
        .pointer(target)
        .pointer(source.data())
        .integer(source.inFeatures())
        .integer(Int8Layout.padded(source.inFeatures()))
        .run(source.outFeatures(), THREADS);
  }

  /** See {@link dev.cantilever.backend.MatmulOps#randomInt8}. */
  void random(Int8Weight target, float absmax, long key) {
    execution
        .kernels()
        .kernel(KERNELS, "random_int8")
        .with()
        .pointer(target.data())
        .pointer(target.absmax())
        .integer(target.outFeatures())
        .integer(target.inFeatures())
        .integer(Int8Layout.padded(target.inFeatures()))
        .real(absmax)
        .integer64(key)
        .run(Int8Layout.padded(target.outFeatures()) / ROWS, THREADS);
  }
}
