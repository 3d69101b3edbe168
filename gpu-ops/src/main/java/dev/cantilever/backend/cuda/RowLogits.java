package dev.cantilever.backend.cuda;

import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.List;

/**
 * Scratch for some rows: their logits for one chunk of the head at a time, and what is known of
 * each row so far.
 *
 * @param rows how many rows there is room for
 * @param logits device address of the logits
 * @param states device address of the rows' states, {@code RowState} in {@code loss.cu}
 */
record RowLogits(int rows, long logits, long states) {

  private static final long STATE_BYTES = 32;

  /**
   * Takes as much of half the workspace as is of use; the other half is left to products.
   *
   * @param tokens rows in all
   * @param matrices how many of these are needed at once; equal calls give equal room
   */
  static RowLogits in(Execution execution, int tokens, int matrices, List<HeadChunk> chunks) {
    long logitBytes = (long) chunks.get(0).entries() * Float.BYTES; // the first is the largest
    long fit = room(execution, matrices) / (logitBytes + STATE_BYTES);
    int rows = (int) Math.max(1, Math.min(fit, tokens));
    Arena workspace = execution.workspace();
    return new RowLogits(
        rows, workspace.allocate(rows * logitBytes), workspace.allocate(rows * STATE_BYTES));
  }

  /** Entries of a chunk whose logits fit for so many rows. */
  static int entries(Execution execution, int rows, int matrices) {
    return (int) ((room(execution, matrices) / rows - STATE_BYTES) / Float.BYTES);
  }

  private static long room(Execution execution, int matrices) {
    return execution.workspaceBytes() / 2 / matrices - 2 * Reservation.ALIGNMENT;
  }

  /** The logits of the first {@code count} rows for a chunk: [count, entries]. */
  Tensor of(int count, HeadChunk chunk) {
    return Tensor.at(logits, DType.F32, Shape.of(count, chunk.entries()));
  }
}
