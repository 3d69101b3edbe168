package dev.cantilever.backend.cuda;

import dev.cantilever.backend.DeviceException;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.memory.DeviceHeap;
import dev.cantilever.memory.MemorySource;

/**
 * All memory that arenas will ever have of a card, taken at once when it is opened: what follows
 * cannot fail for want of it, whatever other processes do.
 */
final class Reservation implements AutoCloseable {

  /** What the driver aligns to, and what the widest loads of a warp want. */
  static final long ALIGNMENT = 256;

  private final CudaDevice device;
  private final long address;
  private final DeviceHeap heap;

  /**
   * Takes the memory.
   *
   * @throws DeviceException if the card has not that much free
   */
  Reservation(CudaDevice device, long bytes) {
    this.device = device;
    CudaDevice.Memory memory = device.memory();
    if (bytes > memory.freeBytes()) {
      throw new DeviceException(
          "Expected %.1f MiB free on %s for what is planned, found %.1f MiB of its %.1f MiB. End what else uses the card, or give a --budget of at most %dMiB."
              .formatted(
                  mib(bytes),
                  device.name(),
                  mib(memory.freeBytes()),
                  mib(memory.totalBytes()),
                  (memory.freeBytes() + CudaProfile.CONTEXT_BYTES) >> 20));
    }
    this.address = device.allocate(bytes);
    this.heap = new DeviceHeap(address, bytes, ALIGNMENT);
  }

  private static double mib(long bytes) {
    return bytes / (double) (1 << 20);
  }

  /** Where arenas get their chunks. */
  MemorySource memory() {
    return heap;
  }

  /** Gives the memory back. */
  @Override
  public void close() {
    device.free(address);
  }
}
