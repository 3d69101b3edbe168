package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.cuda.driver.CudaDevice;

/** Two branches of a graph that is being captured. */
final class CudaFork implements Fork {

  private final CudaDevice device;
  private final Branches branches;
  private final Relay relay;

  /** Begins the first branch. */
  CudaFork(CudaDevice device, Branches branches, Relay relay) {
    this.device = device;
    this.branches = branches;
    this.relay = relay;
    branches.fork(device::fork);
  }

  @Override
  public void second() {
    relay.end();
    branches.second();
    device.switchBranch();
  }

  @Override
  public void close() {
    branches.join(device::join);
  }
}
