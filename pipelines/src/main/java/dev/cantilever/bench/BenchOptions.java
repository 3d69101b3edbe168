package dev.cantilever.bench;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.rehearsal.PassSettings;
import dev.cantilever.rehearsal.Workload;

/**
 * What is to be measured.
 *
 * @param model the description
 * @param backend the device
 * @param budgetBytes hard ceiling of what the process may take of it
 * @param workload of a step
 * @param most the settings that the plan begins from, and lowers as the budget demands
 * @param phase which part of a step
 * @param steps measured, after one that is not
 */
public record BenchOptions(
    ModelConfig model,
    BackendKind backend,
    long budgetBytes,
    Workload workload,
    PassSettings most,
    BenchPhase phase,
    int steps) {

  /** Checks the number of steps. */
  public BenchOptions {
    if (steps < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 measured step, found " + steps + "; correct --steps");
    }
  }
}
