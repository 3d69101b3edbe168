package dev.cantilever.hub.torch;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Bytes that can be read from any position. */
public interface ByteSource {

  /** How many there are. */
  long size() throws IOException;

  /**
   * Fills the rest of a buffer.
   *
   * @throws java.io.EOFException if the bytes end before
   */
  void read(long position, ByteBuffer to) throws IOException;

  /**
   * A read-only little-endian view that takes no memory of the heap.
   *
   * @throws java.io.EOFException if the bytes end before
   */
  ByteBuffer map(long position, int bytes) throws IOException;
}
