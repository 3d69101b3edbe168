package dev.cantilever.backend.cuda;

import dev.cantilever.backend.HeadGradient;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Adds the gradients of an output head, some tokens after others, in fp32 on the CUDA cores: a
 * block has a tile of the matrix in registers, from the sums so far to those that it leaves.
 */
final class HeadSums {

  private static final KernelSource KERNELS = KernelSource.of(HeadSums.class, "head_sums.cu");

  /** Entries and hidden elements of a block of {@code add_matrix}. */
  private static final int TILE = 64;

  private static final int THREADS = 256;

  private final Execution execution;

  HeadSums(Execution execution) {
    this.execution = execution;
  }

  /**
   * Adds what some tokens give to the entries of one chunk.
   *
   * @param dLogits [n, E], gradients of what the head gives
   * @param hidden [n, C]
   */
  void add(HeadGradient target, HeadChunk chunk, Tensor dLogits, Tensor hidden) {
    long end = (long) chunk.first() + chunk.entries();
    target
        .matrix()
        .map(matrix -> matrix.slice(chunk.first(), end))
        .ifPresent(matrix -> addMatrix(matrix, dLogits, hidden));
    target
        .bias()
        .map(bias -> bias.slice(chunk.first(), end))
        .ifPresent(bias -> addBias(bias, dLogits));
  }

  private void addMatrix(Tensor matrix, Tensor dLogits, Tensor hidden) {
    kernel("add_matrix")
        .pointer(matrix)
        .pointer(dLogits)
        .pointer(hidden)
        .integer(dLogits.size(0))
        .integer(matrix.size(0))
        .integer(matrix.size(1))
        .run(Grids.blocks(matrix.size(1), TILE), Grids.blocks(matrix.size(0), TILE), 1, THREADS, 0);
  }

  private void addBias(Tensor bias, Tensor dLogits) {
    kernel("add_bias")
        .pointer(bias)
        .pointer(dLogits)
        .integer(dLogits.size(0))
        .integer(bias.size(0))
        .run(Grids.blocks(bias.size(0), THREADS), THREADS);
  }

  private LaunchBuffer kernel(String name) {
    return execution.kernels().kernel(KERNELS, name).with();
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
