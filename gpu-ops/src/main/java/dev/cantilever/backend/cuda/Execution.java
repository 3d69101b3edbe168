package dev.cantilever.backend.cuda;

import dev.cantilever.backend.Fork;
import dev.cantilever.backend.cuda.driver.CudaDevice;
import dev.cantilever.backend.cuda.driver.KernelLibrary;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;

/**
 * What the families share: the card, its kernels, the fault word, scratch memory, and rows that one
 * leaves rounded for another.
 *
 * @param device the card
 * @param kernels compiled on first use
 * @param faults what kernels report of bad values
 * @param workspace scratch of one operation: mark, allocate, reset before returning. The next
 *     operation of the same branch comes after it, so it may have the same bytes at once
 * @param branches what of the workspace an operation has, and counters
 * @param roundedRows what the kernel before a product may have rounded for it
 * @param relay of kernels beside the second product of a pair
 * @param hopper whether kernels may use the instructions of compute capability 9.0
 * @param matrixInputs BF16 or F32, see {@link dev.cantilever.backend.Capabilities#matrixInputs}
 */
record Execution(
    CudaDevice device,
    KernelLibrary kernels,
    Faults faults,
    Arena workspace,
    Branches branches,
    RoundedRows roundedRows,
    Relay relay,
    boolean hopper,
    DType matrixInputs) {

  /** What an operation may allocate of the workspace; it never grows. */
  long workspaceBytes() {
    return branches.workspaceBytes();
  }

  /**
   * Two words a tile by which the blocks of a product wait for each other, for {@link
   * WarpgroupProduct#MOST_TILES} tiles; zero between launches.
   */
  long tileCounters() {
    return branches.tileCounters();
  }

  /**
   * See {@link dev.cantilever.backend.Backend#fork}. Branches are worth their events where they are
   * captured; else one comes after the other.
   */
  Fork fork() {
    return device.capturing() ? new CudaFork(device, branches, relay) : Fork.inOrder();
  }
}
