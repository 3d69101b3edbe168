package dev.cantilever.memory;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Addresses without memory, remembering what is live and what was asked for. */
final class CountedSource implements MemorySource {

  private final long alignment;
  private final TreeMap<Long, Long> live = new TreeMap<>();
  private final List<Long> requests = new ArrayList<>();
  private long next;
  private boolean exhausted;

  CountedSource(long alignment) {
    this.alignment = alignment;
    next = 16 * alignment;
  }

  /** From now on the machine has no more memory to give. */
  void exhaust() {
    exhausted = true;
  }

  @Override
  public long allocate(long bytes) {
    if (exhausted) {
      throw new OutOfMemoryError("no more memory");
    }
    long address = next;
    next += (bytes + alignment - 1) / alignment * alignment;
    live.put(address, bytes);
    requests.add(bytes);
    return address;
  }

  @Override
  public void free(long address, long bytes) {
    if (!live.remove(address, bytes)) {
      throw new IllegalStateException("No live chunk of " + bytes + " bytes at " + address);
    }
  }

  @Override
  public long alignment() {
    return alignment;
  }

  /** Sizes of all chunks ever asked for, in order. */
  List<Long> requests() {
    return requests;
  }

  long liveBytes() {
    return live.values().stream().mapToLong(Long::longValue).sum();
  }

  /** Whether {@code bytes} bytes at {@code address} lie in one live chunk. */
  boolean holds(long address, long bytes) {
    Map.Entry<Long, Long> chunk = live.floorEntry(address);
    return chunk != null && address + bytes <= chunk.getKey() + chunk.getValue();
  }
}
