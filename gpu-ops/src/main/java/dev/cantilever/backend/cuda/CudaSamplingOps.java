package dev.cantilever.backend.cuda;

import dev.cantilever.OpsException;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Sampling on the GPU, a block a row. The counter of a draw is (position, step, query id low, query
 * id high), its key the seed; the draw takes 53 bits of the first two words.
 *
 * <p>Nothing is sorted: the borders of top-k and top-p are found by halving the range of float
 * bits, each time summing over the row what lies above.
 */
final class CudaSamplingOps implements SamplingOps {

  static final KernelSource KERNELS = KernelSource.of(CudaSamplingOps.class, "sampling.cu");

  private static final int THREADS = 1024;

  /** Where in a fault's value the token ends and the kind begins. */
  private static final int TOKEN_BITS = 30;

  private final Execution execution;
  private final Staging staging;

  CudaSamplingOps(Execution execution, Staging staging) {
    this.execution = execution;
    this.staging = staging;
  }

  @Override
  public void sample(
      Tensor tokens,
      Tensor logprobs,
      Tensor logits,
      Tensor queryIds,
      Tensor positions,
      SamplingSpec spec,
      long seed,
      int step) {
    OpChecks.sample(tokens, logprobs, logits, queryIds, positions);
    int vocabulary = logits.size(1);
    boolean greedy = spec.temperature() == 0;
    // A temperature so small that its inverse overflows is as good as the largest inverse.
    float inverse = greedy ? 1f : Math.min(1f / spec.temperature(), Float.MAX_VALUE);
    boolean limited = !greedy && spec.topK() < vocabulary;
    int call =
        execution
            .faults()
            .expect((row, found) -> report(row, found, queryIds.address(), positions.address()));
    execution
        .kernels()
        .kernel(KERNELS, "sample")
        .with()
        .pointer(tokens)
        .pointer(logprobs)
        .pointer(logits)
        .pointer(queryIds)
        .pointer(positions)
        .integer(vocabulary)
        .real(inverse)
        .integer(greedy ? 1 : 0)
        .integer(limited ? spec.topK() : 0)
        .real(greedy ? 1f : spec.topP())
        .integer64(seed)
        .integer(step)
        .pointer(execution.faults().word())
        .integer(call)
        .run(logits.size(0), THREADS);
  }

  /**
   * Made while the device is waited for; ids and positions are still there, as inputs of a draw.
   */
  private OpsException report(int row, int found, long queryIds, long positions) {
    int token = found & (1 << TOKEN_BITS) - 1;
    String what =
        switch (found >>> TOKEN_BITS) {
          case 0 -> Float.NaN + " at token " + token;
          case 1 -> Float.POSITIVE_INFINITY + " at token " + token;
          default -> "minus infinity everywhere";
        };
    long query = HostMemory.getLong(staging.fetch(queryIds + 8L * row, Long.BYTES));
    int position = HostMemory.getInt(staging.fetch(positions + 4L * row, Integer.BYTES));
    return OpChecks.logitsNotFinite(what, row, query, position);
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
