package dev.cantilever.loop;

import dev.cantilever.row.StepStats;
import java.nio.file.Path;
import java.util.List;

/**
 * What a PPO run came to.
 *
 * @param steps a row for each step that is done, earlier sessions of the run included
 * @param adapter the resulting adapter, PEFT layout
 */
public record LoopSummary(List<StepStats> steps, Path adapter) {

  /** Copies the list. */
  public LoopSummary {
    steps = List.copyOf(steps);
  }
}
