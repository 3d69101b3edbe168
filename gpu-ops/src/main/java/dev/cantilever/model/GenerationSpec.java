package dev.cantilever.model;

import dev.cantilever.backend.SamplingSpec;
import java.util.Set;

/**
 * How responses are made.
 *
 * @param adapters adapters that act
 * @param sampling how a token is drawn
 * @param stop when a response ends early
 * @param seed of the run
 * @param stream number that tells draws of one seed apart: the PPO step
 * @param maxRows most rows in the KV cache at once; as they end, others take their places
 */
public record GenerationSpec(
    Set<String> adapters,
    SamplingSpec sampling,
    StopRule stop,
    long seed,
    int stream,
    int maxRows) {

  /** Copies the names. */
  public GenerationSpec {
    adapters = Set.copyOf(adapters);
    if (maxRows < 1) {
      throw new IllegalArgumentException("Expected at least one row at once, got " + maxRows);
    }
  }
}
