package dev.cantilever.hostile;

import java.io.IOException;
import java.util.List;

/**
 * A kind of file of text that may come from anybody.
 *
 * @param name for reports
 * @param seeds sound files, which are damaged
 * @param reading what our code does with a file
 */
record TextTarget(String name, List<byte[]> seeds, Reading reading) {

  /** Reads bytes as that kind of file, to the end, and works with what was read. */
  interface Reading {

    /**
     * Reads.
     *
     * @param bytes of the file
     * @param seed which of the seeds they come from
     */
    void read(byte[] bytes, int seed) throws IOException;
  }

  /** Copies the list. */
  TextTarget {
    seeds = List.copyOf(seeds);
  }
}
