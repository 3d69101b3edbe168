package dev.cantilever.rehearsal;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.model.WeightSource;
import java.util.List;
import java.util.Optional;

/**
 * What a PPO run consists of: a step, and what else lives on the device that it computes on.
 *
 * @param step of the longest rows there can be
 * @param batchRows most rows that are generated together
 * @param reference frozen adapters that policy and reference share
 * @param fullKl whether scoring takes divergences over the whole vocabulary
 * @param classifier who scores responses; nothing: nobody on this device
 */
public record RunWorkload(
    Workload step,
    int batchRows,
    List<AdapterConfig> reference,
    boolean fullKl,
    Optional<Classifier> classifier) {

  /** Copies the list and checks the number. */
  public RunWorkload {
    reference = List.copyOf(reference);
    if (batchRows < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 row a batch, found %d; correct the workload".formatted(batchRows));
    }
  }

  /**
   * A classifier's work.
   *
   * @param source of its weights; its description and headers are all that is read
   * @param rows most texts of a pass
   * @param tokens most tokens of a pass, all texts together; no fewer than rows
   */
  public record Classifier(WeightSource source, int rows, int tokens) {

    /** Checks the numbers. */
    public Classifier {
      if (rows < 1 || tokens < rows) {
        throw new IllegalArgumentException(
            "expected at least 1 text a pass and a token of each, found %d and %d; correct the workload"
                .formatted(rows, tokens));
      }
    }
  }
}
