package dev.cantilever.memory;

import java.util.OptionalLong;

/** Where an arena's chunks come from: host memory, a device, or nowhere at all when planning. */
public interface MemorySource {

  /**
   * Obtains a chunk.
   *
   * @param bytes size, a positive number
   * @return an address aligned to {@link #alignment()}
   * @throws ReservationFullException if chunks lie in one reservation and none of its holes will do
   */
  long allocate(long bytes);

  /** Gives a chunk back; {@code address} and {@code bytes} as in {@link #allocate}. */
  void free(long address, long bytes);

  /**
   * The highest end that a chunk ever had, counted from the beginning of the one reservation that
   * all chunks lie in; empty where each chunk is an allocation of its own.
   */
  default OptionalLong highWaterBytes() {
    return OptionalLong.empty();
  }

  /** Alignment in bytes of every address handed out; a power of two. */
  long alignment();
}
