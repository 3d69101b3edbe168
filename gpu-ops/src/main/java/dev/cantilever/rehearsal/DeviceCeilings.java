package dev.cantilever.rehearsal;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;

/**
 * What a device can do at most, as measured on it.
 *
 * @param bytesPerSecond of a copy on the device, reading and writing counted
 * @param flopsPerSecond of a product of square 16-bit matrices, by the library of the device's
 *     vendor (cuBLAS) where there is one, else by this project's own kernel
 */
public record DeviceCeilings(double bytesPerSecond, double flopsPerSecond) {

  private static final long MOST_COPY_BYTES = 512L << 20;
  private static final int LEAST_SIZE = 512;
  private static final int MOST_SIZE = 8192;
  private static final int REPEATS = 5;
  private static final int AT_ONCE = 8;
  private static final double LONG_ENOUGH_SECONDS = 0.02;
  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * Measures an idle device; medians of five. Memory is taken from its budget for the while, at
   * most half of what is left.
   */
  public static DeviceCeilings measure(Backend backend) {
    return new DeviceCeilings(copy(backend), product(backend));
  }

  private static long leftBytes(Backend backend) {
    return backend.budget().limitBytes() - backend.budget().liveBytes();
  }

  private static double copy(Backend backend) {
    long bytes = Math.min(MOST_COPY_BYTES, leftBytes(backend) / 4);
    try (Arena arena = backend.budget().open("ceiling of copies", Purpose.BATCH, 2 * bytes)) {
      Tensor from = Tensor.in(arena, DType.F32, bytes / Float.BYTES);
      Tensor to = Tensor.in(arena, DType.F32, bytes / Float.BYTES);
      backend.transfers().zero(from);
      double seconds = seconds(backend, () -> backend.transfers().copy(to, from));
      return 2.0 * bytes / seconds;
    }
  }

  /** At the first size that takes long enough, or the largest that there is room for. */
  private static double product(Backend backend) {
    double rate = 0;
    for (int size = LEAST_SIZE; size <= MOST_SIZE; size *= 2) {
      long bytes = 10L * size * size; // a 16-bit weight, F32 inputs and outputs
      if (size > LEAST_SIZE && bytes > leftBytes(backend) / 2) {
        break;
      }
      try (Arena arena = backend.budget().open("ceiling of products", Purpose.BATCH, bytes)) {
        double seconds = product(backend, arena, size);
        rate = 2.0 * size * size * size / seconds;
        if (seconds > LONG_ENOUGH_SECONDS) {
          break;
        }
      }
    }
    return rate;
  }

  /** Seconds of a product, by the vendor's library where there is one. */
  private static double product(Backend backend, Arena arena, int size) {
    Tensor w = Tensor.in(arena, DType.BF16, size, size);
    backend.transfers().fillUniform(w, 1, 1);
    Arena.Mark mark = arena.mark();
    Tensor halves = Tensor.in(arena, DType.BF16, size, size);
    Tensor product = Tensor.in(arena, DType.BF16, size, size);
    backend.transfers().fillUniform(halves, 1, 2);
    if (backend.vendorProduct(product, halves, w)) {
      return seconds(backend, () -> backend.vendorProduct(product, halves, w));
    }
    arena.reset(mark);
    Tensor x = Tensor.in(arena, DType.F32, size, size);
    Tensor y = Tensor.in(arena, DType.F32, size, size);
    backend.transfers().fillUniform(x, 1, 2);
    Weight weight = DenseWeight.of(w);
    return seconds(backend, () -> backend.matmul().linear(y, x, weight));
  }

  /** Of one call, from calls in a row, so that the host's share is hidden. */
  private static double seconds(Backend backend, Runnable call) {
    call.run(); // the first also loads kernels
    backend.synchronize();
    double[] each = new double[REPEATS];
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      long began = System.nanoTime();
      for (int i = 0; i < AT_ONCE; i++) {
        call.run();
      }
      backend.synchronize();
      each[repeat] = (System.nanoTime() - began) / NANOS_PER_SECOND / AT_ONCE;
    }
    Arrays.sort(each);
    return each[REPEATS / 2];
  }
}
