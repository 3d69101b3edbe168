package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.memory.MemorySource;

/** Device memory, a chunk at a time. */
final class DeviceMemory implements MemorySource {

  /** What the driver aligns to, and what the widest loads of a warp want. */
  static final long ALIGNMENT = 256;

  private final CudaDevice device;

  DeviceMemory(CudaDevice device) {
    this.device = device;
  }

  @Override
  public long allocate(long bytes) {
    return device.allocate(bytes);
  }

  @Override
  public void free(long address, long bytes) {
    device.free(address);
  }

  @Override
  public long alignment() {
    return ALIGNMENT;
  }
}
