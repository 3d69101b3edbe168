package dev.cantilever.backend.cuda;

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
 * @param workspace scratch of one operation: mark, allocate, reset before returning. All work goes
 *     through one stream, so the next operation may have the same bytes at once
 * @param workspaceBytes what of the workspace operations have; it never grows
 * @param tileCounters two words a tile by which the blocks of a product wait for each other, for
 *     {@link WarpgroupProduct#MOST_TILES} tiles; zero between launches
 * @param roundedRows what the kernel before a product may have rounded for it
 * @param hopper whether kernels may use the instructions of compute capability 9.0
 * @param matrixInputs BF16 or F32, see {@link dev.cantilever.backend.Capabilities#matrixInputs}
 */
record Execution(
    CudaDevice device,
    KernelLibrary kernels,
    Faults faults,
    Arena workspace,
    long workspaceBytes,
    long tileCounters,
    RoundedRows roundedRows,
    boolean hopper,
    DType matrixInputs) {}
