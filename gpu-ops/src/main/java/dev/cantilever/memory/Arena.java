package dev.cantilever.memory;

import java.util.ArrayList;
import java.util.List;

/**
 * A named scope that owns device memory and frees it as one.
 *
 * <p>Addresses are handed out in order and never given back singly: {@link #mark} and {@link
 * #reset} rewind, {@link #close} frees. An arena belongs to the thread that works with it; the
 * budget behind it may be shared.
 */
public final class Arena implements AutoCloseable {

  /*
   * Memory comes in chunks that are kept across resets, so that a loop over batches allocates from
   * the system once. A chunk is as large as the request or the arena's granularity, whichever is
   * more; a request that does not fit the current chunk moves on to the next kept one that holds
   * it. What is reserved in the budget are whole chunks; what is reported as used are the bytes
   * handed out, padding for alignment included.
   */

  private record Chunk(long address, long bytes) {}

  /** A position to return to with {@link Arena#reset}. */
  public record Mark(int chunk, long offset, long used) {}

  private final MemoryBudget budget;
  private final String name;
  private final Purpose purpose;
  private final long granularity;
  private final List<Chunk> chunks = new ArrayList<>();

  private int current;
  private long offset;
  private long used;
  private long peak;
  private long reserved;
  private boolean closed;

  Arena(MemoryBudget budget, String name, Purpose purpose, long granularity) {
    this.budget = budget;
    this.name = name;
    this.purpose = purpose;
    this.granularity = granularity;
  }

  /** The phrase that stands in the memory table, for example {@code "rollout kv-cache"}. */
  public String name() {
    return name;
  }

  /** What the bytes are for. */
  public Purpose purpose() {
    return purpose;
  }

  /**
   * Hands out memory; its content is undefined.
   *
   * @param bytes how many, zero allowed
   * @return an address aligned as the source aligns
   * @throws BudgetExceededException if a new chunk does not fit the budget; nothing has changed,
   *     nor has it if the source throws because it has no more
   */
  public long allocate(long bytes) {
    if (closed) {
      throw new IllegalStateException("Arena '" + name + "' is closed");
    }
    if (bytes < 0) {
      throw new IllegalArgumentException(
          "Expected 0 bytes or more of arena '" + name + "', found " + bytes);
    }
    long size = align(Math.max(bytes, 1));
    int chunk = current;
    long at = offset;
    while (chunk < chunks.size() && size > chunks.get(chunk).bytes() - at) {
      chunk++;
      at = 0;
    }
    if (chunk == chunks.size()) {
      long chunkBytes = align(Math.max(size, granularity));
      chunks.add(new Chunk(budget.obtain(this, chunkBytes), chunkBytes));
      reserved += chunkBytes;
    }
    current = chunk;
    offset = at + size;
    used += size;
    peak = Math.max(peak, used);
    return chunks.get(chunk).address() + at;
  }

  /** The next multiple of the alignment, or the last one where there is none that fits a long. */
  private long align(long bytes) {
    long alignment = budget.alignment();
    return Math.min(bytes, Long.MAX_VALUE - alignment + 1) + alignment - 1 & -alignment;
  }

  /** The present position, for {@link #reset}. */
  public Mark mark() {
    return new Mark(current, offset, used);
  }

  /** Takes back everything handed out since {@code mark}; tensors made since are dead. */
  public void reset(Mark mark) {
    current = mark.chunk();
    offset = mark.offset();
    used = mark.used();
  }

  /** Takes back everything handed out. */
  public void reset() {
    reset(new Mark(0, 0, 0));
  }

  /** Bytes handed out now. */
  public long usedBytes() {
    return used;
  }

  /** The most bytes that were handed out at once. */
  public long peakBytes() {
    return peak;
  }

  /** Bytes reserved in the budget: whole chunks. */
  public long reservedBytes() {
    return reserved;
  }

  /** Frees every chunk; a second call does nothing. */
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    for (Chunk chunk : chunks) {
      budget.release(this, chunk.address(), chunk.bytes());
    }
    chunks.clear();
    budget.forget(this);
  }
}
