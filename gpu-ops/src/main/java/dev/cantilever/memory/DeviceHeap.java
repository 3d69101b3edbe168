package dev.cantilever.memory;

import java.util.HashMap;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Chunks of one contiguous reservation of device memory, which somebody else made and frees.
 *
 * <p>A chunk is placed in the first hole from the beginning that holds it (Knuth, The Art of
 * Computer Programming, volume 1, section 2.5), and holes that meet are joined when it is freed.
 * Where chunks lie therefore depends on sizes and order alone: the same calls on a plan of the
 * device reach the same {@link #highWaterBytes}.
 *
 * <p>Safe for use by several threads. Both calls take time in proportion to the chunks.
 */
public final class DeviceHeap implements MemorySource {

  private final long base;
  private final long capacity;
  private final long alignment;
  private final TreeMap<Long, Long> holes = new TreeMap<>(); // address to bytes
  private final Map<Long, Long> live = new HashMap<>(); // address to bytes asked for
  private long highWater;

  /**
   * Takes over a reservation.
   *
   * @param base its first address
   * @param capacity its size in bytes
   * @param alignment of every chunk, in bytes: a power of two that divides {@code base}
   */
  public DeviceHeap(long base, long capacity, long alignment) {
    if (Long.bitCount(alignment) != 1 || alignment < 0 || (base & (alignment - 1)) != 0) {
      throw new IllegalArgumentException(
          "Expected an alignment that is a power of two and divides the address %#x, found %d. Reserve at a multiple of it."
              .formatted(base, alignment));
    }
    if (base < 0 || capacity <= 0 || capacity > Long.MAX_VALUE - base) {
      throw new IllegalArgumentException(
          "Expected a reservation of 1 byte or more at a positive address, found %d bytes at %#x. Reserve memory first."
              .formatted(capacity, base));
    }
    this.base = base;
    this.capacity = capacity;
    this.alignment = alignment;
    holes.put(base, capacity);
  }

  /**
   * Places a chunk at the lowest address that has room.
   *
   * @throws ReservationFullException if no hole is large enough; nothing has changed
   */
  @Override
  public synchronized long allocate(long bytes) {
    if (bytes < 1) {
      throw new IllegalArgumentException(
          "Expected a chunk of 1 byte or more, found "
              + bytes
              + ". Ask for memory only if needed.");
    }
    for (Map.Entry<Long, Long> hole : holes.entrySet()) {
      if (bytes <= hole.getValue()) {
        long address = hole.getKey();
        long rest = hole.getValue();
        long taken = taken(address, bytes);
        holes.remove(address);
        if (taken < rest) {
          holes.put(address + taken, rest - taken);
        }
        live.put(address, bytes);
        highWater = Math.max(highWater, address - base + bytes);
        return address;
      }
    }
    throw new ReservationFullException(bytes, largestHoleBytes(), freeBytes());
  }

  /** What a chunk takes: up to the next aligned address, or to the end of the reservation. */
  private long taken(long address, long bytes) {
    long left = base + capacity - address;
    return Math.min(left - 1, bytes - 1 | alignment - 1) + 1;
  }

  @Override
  public synchronized void free(long address, long bytes) {
    if (!live.remove(address, bytes)) {
      throw new IllegalStateException(
          "Expected a live chunk of this reservation, found %d bytes at %#x. Free each chunk once."
              .formatted(bytes, address));
    }
    long from = address;
    long size = taken(address, bytes);
    Map.Entry<Long, Long> before = holes.lowerEntry(address);
    if (before != null && before.getKey() + before.getValue() == address) {
      from = before.getKey();
      size += before.getValue();
    }
    Long after = holes.remove(address + taken(address, bytes));
    holes.put(from, after == null ? size : size + after);
  }

  @Override
  public long alignment() {
    return alignment;
  }

  /** The highest end that a chunk ever had, counted from the beginning of the reservation. */
  @Override
  public synchronized OptionalLong highWaterBytes() {
    return OptionalLong.of(highWater);
  }

  /** The most bytes that one chunk can have now. */
  public synchronized long largestHoleBytes() {
    return holes.values().stream().mapToLong(Long::longValue).max().orElse(0);
  }

  private long freeBytes() {
    return holes.values().stream().mapToLong(Long::longValue).sum();
  }
}
