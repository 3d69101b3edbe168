package dev.cantilever.commit;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is committed where.
 *
 * @param directory where files and manifest lie, on a file system that all workers share
 * @param run name of the run
 * @param step the PPO step
 * @param rows how many rows there must be
 * @param facts what the manifest says besides, such as digests
 */
public record CommitSpec(
    String directory, String run, int step, int rows, Map<String, String> facts)
    implements Serializable {

  /** Copies the facts. */
  public CommitSpec {
    facts = new TreeMap<>(facts);
  }
}
