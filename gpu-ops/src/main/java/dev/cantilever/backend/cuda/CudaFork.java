package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.cuda.driver.CudaDevice;

/**
 * Two branches of a graph that is being captured, or, before it is, what each of them has in the
 * order of the stream.
 */
final class CudaFork implements Fork {

  private final CudaDevice device;
  private final Branches branches;
  private final boolean captured;

  /** Begins the first branch. */
  CudaFork(CudaDevice device, Branches branches) {
    this.device = device;
    this.branches = branches;
    this.captured = device.capturing();
    branches.fork();
    if (captured) {
      device.fork();
    }
  }

  @Override
  public void second() {
    branches.second();
    if (captured) {
      device.switchBranch();
    }
  }

  @Override
  public void close() {
    branches.join(
        () -> {
          if (captured) {
            device.join();
          }
        });
  }
}
