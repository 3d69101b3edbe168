package dev.cantilever.host;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import java.io.Serializable;
import java.util.List;

/**
 * The section {@code lora}: the adapter that a run trains.
 *
 * @param r rank
 * @param alpha numerator of the scale {@code alpha / r}
 * @param dropout on the adapter's input, in supervised fine-tuning only: RL passes have none
 * @param targetModules names of the linear layers that carry a branch, or {@code all-linear} alone
 * @param useRslora scale {@code alpha / sqrt(r)} instead
 */
public record LoraSpec(
    int r, double alpha, double dropout, List<String> targetModules, boolean useRslora)
    implements Serializable {

  private static final String ALL_LINEAR = "all-linear";

  /** The seed's numbers, rank 16 and alpha 32, without dropout, on every linear layer. */
  public static LoraSpec defaults() {
    return new LoraSpec(16, 32, 0, List.of(ALL_LINEAR), false);
  }

  /** Checks the ranges and copies the list. */
  public LoraSpec {
    targetModules = List.copyOf(targetModules);
    if (r < 1 || !(alpha > 0) || !(dropout >= 0 && dropout < 1) || targetModules.isEmpty()) {
      throw new IllegalArgumentException(
          "expected r >= 1, alpha > 0, dropout in [0, 1) and at least one of target_modules, got r "
              + r
              + ", alpha "
              + alpha
              + ", dropout "
              + dropout
              + " and "
              + targetModules);
    }
  }

  /**
   * The adapter's settings as PEFT keeps them.
   *
   * @param task what the adapted model is for
   * @param base the base; the files name its directory without the path, which differs from machine
   *     to machine and would make equal runs differ
   */
  public AdapterConfig config(TaskType task, ModelRef base) {
    return config(task, base.name());
  }

  /** As for a base of this name. */
  public AdapterConfig config(TaskType task, String baseName) {
    TargetModules targets =
        targetModules.equals(List.of(ALL_LINEAR))
            ? new TargetModules.AllLinear()
            : new TargetModules.Names(targetModules);
    return new AdapterConfig(r, alpha, dropout, targets, useRslora, false, task, baseName);
  }
}
