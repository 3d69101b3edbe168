package dev.cantilever.memory;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The hard ceiling of one device. A reservation succeeds whole or changes nothing.
 *
 * <p>Safe for use by several threads.
 */
public final class MemoryBudget {

  private static final long DEFAULT_GRANULARITY = 1L << 20;

  private final String device;
  private final long limitBytes;
  private final MemorySource source;
  private final Set<Arena> open = new LinkedHashSet<>();
  private final Map<Purpose, Long> live = new EnumMap<>(Purpose.class);
  private final Map<Purpose, Long> peaks = new EnumMap<>(Purpose.class);
  private long liveBytes;
  private long peakBytes;

  /**
   * Creates a budget.
   *
   * @param device name of the device, for messages
   * @param limitBytes the ceiling, in bytes
   * @param source where chunks come from
   */
  public MemoryBudget(String device, long limitBytes, MemorySource source) {
    if (limitBytes <= 0) {
      throw new IllegalArgumentException("Expected a positive budget, got " + limitBytes);
    }
    this.device = device;
    this.limitBytes = limitBytes;
    this.source = source;
  }

  /** Opens an arena that grows by chunks of at least 1 MiB; the caller closes it. */
  public Arena open(String name, Purpose purpose) {
    return open(name, purpose, DEFAULT_GRANULARITY);
  }

  /**
   * Opens an arena; the caller closes it.
   *
   * @param granularityBytes the least size of a chunk; give the arena's whole size where it is
   *     known, so that it is one piece; 0 where it is not, as {@link #open(String, Purpose)}
   */
  public synchronized Arena open(String name, Purpose purpose, long granularityBytes) {
    Arena arena =
        new Arena(
            this, name, purpose, granularityBytes == 0 ? DEFAULT_GRANULARITY : granularityBytes);
    open.add(arena);
    return arena;
  }

  /** Obtains a chunk for an arena; changes nothing if that fails. */
  synchronized long obtain(Arena arena, long bytes) {
    if (bytes > limitBytes - liveBytes) {
      throw new BudgetExceededException(device, arena, bytes, report());
    }
    long address;
    try {
      address = source.allocate(bytes);
    } catch (ReservationFullException e) {
      throw new BudgetExceededException(device, arena, bytes, report(), e);
    }
    liveBytes += bytes;
    peakBytes = Math.max(peakBytes, liveBytes);
    long ofPurpose = live.merge(arena.purpose(), bytes, Long::sum);
    peaks.merge(arena.purpose(), ofPurpose, Math::max);
    return address;
  }

  synchronized void release(Arena arena, long address, long bytes) {
    source.free(address, bytes);
    liveBytes -= bytes;
    live.merge(arena.purpose(), -bytes, Long::sum);
  }

  synchronized void forget(Arena arena) {
    open.remove(arena);
  }

  /** The ceiling in bytes. */
  public long limitBytes() {
    return limitBytes;
  }

  /** Alignment in bytes of every address handed out; a power of two. */
  public long alignment() {
    return source.alignment();
  }

  /** Whether all chunks lie in one reservation, so that holes count. */
  public boolean oneReservation() {
    return source.highWaterBytes().isPresent();
  }

  /** Bytes reserved now, by all open arenas. */
  public synchronized long liveBytes() {
    return liveBytes;
  }

  /** The most bytes that were reserved at once. */
  public synchronized long peakBytes() {
    return peakBytes;
  }

  /**
   * The part of the device's reservation that was ever in use, holes below its end included: what a
   * reservation must have for the same work. Equal to {@link #peakBytes} where each chunk is an
   * allocation of its own.
   */
  public synchronized long highWaterBytes() {
    return source.highWaterBytes().orElse(peakBytes);
  }

  /** Names of the arenas that are open, in the order of opening. */
  public synchronized List<String> openArenas() {
    return open.stream().map(Arena::name).toList();
  }

  /** The table as it stands. */
  public synchronized MemoryReport report() {
    List<MemoryReport.Line> lines = new ArrayList<>();
    for (Map.Entry<Purpose, Long> entry : peaks.entrySet()) {
      lines.add(
          new MemoryReport.Line(
              entry.getKey(), live.getOrDefault(entry.getKey(), 0L), entry.getValue()));
    }
    return new MemoryReport(device, limitBytes, liveBytes, peakBytes, highWaterBytes(), lines);
  }
}
