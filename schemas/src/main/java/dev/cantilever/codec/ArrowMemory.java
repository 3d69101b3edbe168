package dev.cantilever.codec;

import dev.cantilever.row.SchemaException;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * Owns the Arrow allocator of one scope, and fails if the scope ends with a buffer still held.
 *
 * <p>Open one in a try-with-resources around the work of an element or a stage; batches opened
 * inside it are closed inside it, by whoever made them. Not static: a scope that leaks is named by
 * its own exception. The allocator may be used by several threads.
 */
public final class ArrowMemory implements AutoCloseable {

  private final String scope;
  private final RootAllocator allocator;

  private ArrowMemory(String scope, long limitBytes) {
    this.scope = scope;
    this.allocator = new RootAllocator(limitBytes);
  }

  /**
   * Opens a scope with no limit of its own.
   *
   * @param scope a phrase for the reader of a message, such as {@code score rollouts step 3}
   */
  public static ArrowMemory open(String scope) {
    return new ArrowMemory(scope, Long.MAX_VALUE);
  }

  /**
   * Opens a scope that refuses to pass a limit.
   *
   * @param limitBytes the ceiling, in bytes
   */
  public static ArrowMemory open(String scope, long limitBytes) {
    return new ArrowMemory(scope, limitBytes);
  }

  /** The allocator of the scope. */
  public BufferAllocator allocator() {
    return allocator;
  }

  /** Bytes held now. */
  public long allocatedBytes() {
    return allocator.getAllocatedMemory();
  }

  /** The most bytes held at once. */
  public long peakBytes() {
    return allocator.getPeakMemoryAllocation();
  }

  /**
   * Ends the scope.
   *
   * @throws SchemaException if a buffer is still held; the allocator then stays open, so that the
   *     holder can still release it
   */
  @Override
  public void close() {
    long heldBytes = allocator.getAllocatedMemory();
    if (heldBytes > 0) {
      throw new SchemaException(
          "Arrow memory of '"
              + scope
              + "': expected 0 bytes at the end, found "
              + heldBytes
              + " bytes still held. Close every batch where it was made. "
              + allocator.toVerboseString());
    }
    allocator.close();
  }
}
