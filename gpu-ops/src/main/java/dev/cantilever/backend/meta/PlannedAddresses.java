package dev.cantilever.backend.meta;

import dev.cantilever.memory.DeviceHeap;
import dev.cantilever.memory.MemorySource;
import java.util.HashMap;
import java.util.Map;

/**
 * Addresses without memory behind them, aligned and never handed out twice.
 *
 * <p>Safe for use by several threads.
 */
final class PlannedAddresses implements MemorySource {

  /*
   * 2^60 is canonical neither with four nor with five levels of page tables, so that no process can
   * have anything there: whoever follows such an address fails at once and spoils nothing.
   */
  static final long FIRST = 1L << 60;

  private final long alignment;
  private final Map<Long, Long> live = new HashMap<>();
  private long next = FIRST;

  PlannedAddresses(long alignment) {
    this.alignment = alignment;
  }

  /**
   * The plan of a reservation: where the device would place a chunk, counted from {@link #FIRST}.
   */
  static DeviceHeap reservation(long bytes, long alignment) {
    return new DeviceHeap(FIRST, Math.min(bytes, FIRST), alignment);
  }

  @Override
  public synchronized long allocate(long bytes) {
    long address = next;
    next = Math.addExact(address, Math.addExact(bytes, alignment - 1) & -alignment);
    live.put(address, bytes);
    return address;
  }

  @Override
  public synchronized void free(long address, long bytes) {
    if (!live.remove(address, bytes)) {
      throw new IllegalStateException(
          "Expected a live chunk of this source, found %d bytes at %#x. Free each chunk once."
              .formatted(bytes, address));
    }
  }

  @Override
  public long alignment() {
    return alignment;
  }
}
