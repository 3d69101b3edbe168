package dev.cantilever.backend.cuda;

import dev.cantilever.memory.Arena;
import org.jspecify.annotations.Nullable;

/**
 * What operations that run at the same time may not share: the two groups of a {@link
 * dev.cantilever.backend.Fork} have half of the workspace and counters of tiles each.
 */
final class Branches {

  private enum State {
    NONE,
    FIRST,
    SECOND
  }

  private final Arena workspace;
  private final long bytes;
  private final long tileCounters;
  private final long counterBytes;
  private final RoundedRows roundedRows;
  private State state = State.NONE;
  private Arena.@Nullable Mark start;

  /**
   * No fork yet.
   *
   * @param workspace scratch of operations, empty between them but for what it holds now
   * @param bytes what operations may allocate of it
   * @param tileCounters two areas of counters
   * @param counterBytes of one of them
   * @param roundedRows which has a region for each group
   */
  Branches(
      Arena workspace, long bytes, long tileCounters, long counterBytes, RoundedRows roundedRows) {
    this.workspace = workspace;
    this.bytes = bytes;
    this.tileCounters = tileCounters;
    this.counterBytes = counterBytes;
    this.roundedRows = roundedRows;
  }

  /** What an operation may allocate of the workspace now. */
  long workspaceBytes() {
    return state == State.NONE ? bytes : half();
  }

  /** Counters of the tiles of a product that is enqueued now. */
  long tileCounters() {
    return state == State.SECOND ? tileCounters + counterBytes : tileCounters;
  }

  /** What an operation that is enqueued by {@link #ahead} may allocate of the workspace. */
  long aheadBytes() {
    return half();
  }

  /**
   * Enqueues an operation before a fork, whose first group may begin before it is done: of
   * workspace and counters it has what the second group will have, and the first never.
   */
  void ahead(Runnable operation) {
    require(State.NONE);
    Arena.Mark mark = workspace.mark();
    workspace.allocate(half());
    state = State.SECOND;
    try {
      operation.run();
    } finally {
      state = State.NONE;
      workspace.reset(mark);
    }
  }

  private long half() {
    return bytes / 2 / Reservation.ALIGNMENT * Reservation.ALIGNMENT;
  }

  /**
   * Begins the first group.
   *
   * @param fork makes the second come after what is before, too
   */
  void fork(Runnable fork) {
    require(State.NONE);
    start = workspace.mark();
    state = State.FIRST;
    roundedRows.fork(fork);
  }

  void second() {
    require(State.FIRST);
    workspace.allocate(half()); // the first group's
    roundedRows.second();
    state = State.SECOND;
  }

  /**
   * Ends the second group.
   *
   * @param join makes what follows on the device come after both
   */
  void join(Runnable join) {
    if (start != null) {
      workspace.reset(start);
    }
    start = null;
    state = State.NONE;
    roundedRows.join(join);
  }

  private void require(State expected) {
    if (state != expected) {
      throw new IllegalStateException(
          "Expected a fork in state %s, found %s. Forks do not nest, and have two groups."
              .formatted(expected, state));
    }
  }
}
