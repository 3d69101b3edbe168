package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.CudaDevice;

/** How many blocks a launch has. */
final class Grids {

  /** Blocks a multiprocessor for loops that stride over the whole grid. */
  private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

  private Grids() {}

  /** Whole division, rounded up. */
  static int blocks(long elements, int perBlock) {
    return Math.toIntExact((elements + perBlock - 1) / perBlock);
  }

  /** Blocks for an elementwise loop that strides over the grid: enough to fill the card. */
  static int strided(long elements, int threads, CudaDevice device) {
    long wanted = (elements + threads - 1) / threads;
    return (int) Math.min(wanted, (long) BLOCKS_PER_MULTIPROCESSOR * device.multiprocessors());
  }
}
