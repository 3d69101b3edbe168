package dev.cantilever.backend;

import java.io.IOException;

/**
 * Bytes on their way to a device, such as a tensor in a file: written straight to where the device
 * takes them from.
 */
@FunctionalInterface
public interface HostSource {

  /**
   * Writes some of the bytes to host memory. Called once for each part, in any order, and by
   * several threads at once.
   *
   * @param offset where the part begins, in bytes from the start
   * @param bytes size of the part
   * @param address where {@code bytes} writable bytes lie
   */
  void read(long offset, long bytes, long address) throws IOException;
}
