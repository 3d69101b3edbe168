package dev.cantilever.memory;

/** Where an arena's chunks come from: host memory, a device, or nowhere at all when planning. */
public interface MemorySource {

  /**
   * Obtains a chunk.
   *
   * @param bytes size, a positive number
   * @return an address aligned to {@link #alignment()}
   */
  long allocate(long bytes);

  /** Gives a chunk back; {@code address} and {@code bytes} as in {@link #allocate}. */
  void free(long address, long bytes);

  /** Alignment in bytes of every address handed out; a power of two. */
  long alignment();
}
