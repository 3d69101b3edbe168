package dev.cantilever.model;

import dev.cantilever.memory.HostMemory;

/**
 * A window of host memory on the way to a device: one for all tensors of a load, at one address, so
 * that a device may pin it. Allocated at first use; after closing it may be used anew.
 */
final class StagingBuffer implements AutoCloseable {

  /** Size in bytes; a multiple of every element's. */
  static final long BYTES = 4L << 20;

  private final HostMemory memory = new HostMemory();
  private long address;

  /** Address of the {@link #BYTES} bytes. */
  long address() {
    if (address == 0) {
      address = memory.allocate(BYTES);
    }
    return address;
  }

  @Override
  public void close() {
    if (address != 0) {
      memory.free(address, BYTES);
      address = 0;
    }
  }
}
