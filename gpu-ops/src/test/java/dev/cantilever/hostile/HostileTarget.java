package dev.cantilever.hostile;

import java.io.IOException;
import java.util.List;

/**
 * A kind of file that may come from anybody.
 *
 * @param name for reports
 * @param seeds sound files, which are damaged
 * @param reading what our code does with a file
 */
record HostileTarget(String name, List<byte[]> seeds, Reading reading) {

  /** Reads bytes as that kind of file, to the end. */
  interface Reading {

    /**
     * Reads.
     *
     * @throws dev.cantilever.hub.CheckpointException or IOException where it is refused
     */
    void read(byte[] bytes) throws IOException;
  }

  /** Copies the list. */
  HostileTarget {
    seeds = List.copyOf(seeds);
  }
}
