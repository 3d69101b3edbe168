package dev.cantilever.backend.cuda;

import dev.cantilever.OpsException;
import dev.cantilever.backend.OpChecks;
import dev.cantilever.backend.SamplingOps;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.backend.cuda.driver.KernelSource;
import dev.cantilever.backend.cuda.driver.LaunchBuffer;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Sampling on the GPU. The counter of a draw is (position, step, query id low, query id high), its
 * key the seed; the draw takes 53 bits of the first two words.
 *
 * <p>A row is cut into pieces by the vocabulary alone. Blocks of their own sum the pieces; then one
 * block a row adds these, so that it has to read only the piece in which the token lies. Top-k and
 * top-p read the whole row many times with that one block: nothing is sorted, their borders are
 * found by halving the range of float bits.
 */
final class CudaSamplingOps implements SamplingOps {

  static final KernelSource KERNELS = KernelSource.of(CudaSamplingOps.class, "sampling.cu");

  private static final int WEIGH_THREADS = 128;
  private static final int DRAW_THREADS = 1024;
  private static final int FEED_THREADS = 128;

  /** Of a row, as in the kernels; those behind the vocabulary are empty. */
  private static final int PIECES = 32;

  private static final long PIECE_BYTES = 16;

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
    int rows = logits.size(0);
    Arena.Mark mark = execution.workspace().mark();
    try {
      long pieces = execution.workspace().allocate(PIECE_BYTES * PIECES * rows);
      kernel("weigh_pieces")
          .pointer(pieces)
          .pointer(logits)
          .integer(vocabulary)
          .real(inverse)
          .run(rows, PIECES, 1, WEIGH_THREADS, 0);
      kernel("draw_tokens")
          .pointer(tokens)
          .pointer(logprobs)
          .pointer(logits)
          .pointer(pieces)
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
          .run(rows, DRAW_THREADS);
    } finally {
      execution.workspace().reset(mark);
    }
  }

  @Override
  public void feedTokens(
      Tensor ids,
      Tensor positions,
      Tensor responsePositions,
      Tensor kept,
      Tensor place,
      Tensor tokens,
      Tensor logprobs) {
    OpChecks.feedTokens(ids, positions, responsePositions, kept, place, tokens, logprobs);
    int places = kept.size(0);
    int call = execution.faults().expect((row, found) -> OpChecks.noSuchPlace(places, found));
    kernel("feed_tokens")
        .pointer(ids)
        .pointer(positions)
        .pointer(responsePositions)
        .pointer(kept)
        .pointer(place)
        .pointer(tokens)
        .pointer(logprobs)
        .integer(places)
        .integer(tokens.size(0))
        .pointer(execution.faults().word())
        .integer(call)
        .run(1, FEED_THREADS);
  }

  /**
   * Made while the device is waited for; ids and positions are still there, as inputs of a draw:
   * {@link #feedTokens} leaves positions alone once something was found wrong.
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

  private LaunchBuffer kernel(String name) {
    return execution.kernels().kernel(KERNELS, name).with();
  }

  static List<KernelSource> sources() {
    return List.of(KERNELS);
  }
}
