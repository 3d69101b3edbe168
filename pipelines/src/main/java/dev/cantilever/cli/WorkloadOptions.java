package dev.cantilever.cli;

import dev.cantilever.console.Console;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.recipe.UsageException;
import dev.cantilever.rehearsal.Workload;
import dev.cantilever.run.DeviceBudget;
import dev.cantilever.run.RunSpec;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The sizes of a PPO step as options, over what a command has for those not given. */
final class WorkloadOptions {

  @Option(names = "--rows", paramLabel = "N", description = "queries of a step")
  private @Nullable Integer rows;

  @Option(names = "--prompt", paramLabel = "N", description = "tokens of each query")
  private @Nullable Integer prompt;

  @Option(names = "--response", paramLabel = "N", description = "tokens of each response")
  private @Nullable Integer response;

  @Option(
      names = "--minibatch",
      paramLabel = "N",
      description = "rows between two optimiser steps; divides --rows")
  private @Nullable Integer miniBatch;

  @Option(names = "--epochs", paramLabel = "N", description = "passes over the rows of a step")
  private @Nullable Integer epochs;

  /**
   * The model's description.
   *
   * @throws UsageException if no model is named
   * @throws dev.cantilever.hub.CheckpointException if there is no description
   */
  static ModelConfig model(RunSpec run) throws IOException {
    Path model =
        run.model()
            .orElseThrow(
                () ->
                    new UsageException(
                        "expected --model DIR or a config.json, found none; name the model, no"
                            + " weights are needed"));
    return ModelConfig.at(model);
  }

  /** The budget in bytes; says where it comes from if none is given. */
  static long budgetBytes(RunSpec run, Console console) {
    DeviceBudget budget = run.deviceBudget();
    if (run.budget().isEmpty()) {
      console.note("no --budget given: %s", budget);
    }
    return budget.bytes();
  }

  /**
   * The step's sizes.
   *
   * @param otherwise sizes of what is not given, and all else
   * @throws UsageException if they are no step
   */
  Workload over(Workload otherwise) {
    int allRows = or(rows, otherwise.rows());
    try {
      return new Workload(
          allRows,
          or(prompt, otherwise.promptTokens()),
          or(response, otherwise.responseTokens()),
          or(miniBatch, Math.min(otherwise.miniBatchRows(), allRows)),
          or(epochs, otherwise.epochs()),
          otherwise.lora(),
          otherwise.int8Mode(),
          otherwise.seed());
    } catch (IllegalArgumentException e) {
      throw new UsageException(String.valueOf(e.getMessage()), e);
    }
  }

  private static int or(@Nullable Integer given, int otherwise) {
    return Optional.ofNullable(given).orElse(otherwise);
  }
}
