package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.cuda.driver.CudaDevice;

/** Two branches of a graph that is being captured. */
final class CudaFork implements Fork {

  private final CudaDevice device;
  private final Branches branches;

  /** Begins the first branch. */
  CudaFork(CudaDevice device, Branches branches) {
    this.device = device;
    this.branches = branches;
    branches.fork(device::fork);
  }

  @Override
  public void second() {
    branches.second();
    device.switchBranch();
  }

  @Override
  public void close() {
    branches.join(device::join);
  }
}
