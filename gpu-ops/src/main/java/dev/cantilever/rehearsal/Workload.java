package dev.cantilever.rehearsal;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.model.ArchitectureFamily;
import dev.cantilever.model.Families;
import dev.cantilever.tensor.Int8Mode;
import java.util.List;

/**
 * What one PPO step consists of: queries of one length, and responses of one length that nothing
 * ends early.
 *
 * @param rows queries of a step
 * @param promptTokens of each query
 * @param responseTokens of each response
 * @param miniBatchRows rows between two optimiser steps
 * @param epochs passes over the rows
 * @param lora the adapter that is trained
 * @param int8Mode how the base is executed
 * @param seed of weights, queries, adapter and draws
 */
public record Workload(
    int rows,
    int promptTokens,
    int responseTokens,
    int miniBatchRows,
    int epochs,
    AdapterConfig lora,
    Int8Mode int8Mode,
    long seed) {

  private static final int RANK = 16;
  private static final double ALPHA = 32;

  /** Checks the numbers. */
  public Workload {
    if (rows < 1 || promptTokens < 1 || responseTokens < 1 || epochs < 1) {
      throw new IllegalArgumentException(
          "expected at least 1 row, prompt token, response token and epoch, found %d, %d, %d and %d; correct the workload"
              .formatted(rows, promptTokens, responseTokens, epochs));
    }
    if (miniBatchRows < 1 || rows % miniBatchRows != 0) {
      throw new IllegalArgumentException(
          "expected rows that divide into mini-batches, found %d rows and mini-batches of %d; change one of the two"
              .formatted(rows, miniBatchRows));
    }
  }

  /** Rank 16 and alpha 32 on the query, key and value projections of a model's family. */
  public static AdapterConfig attentionLora(ModelConfig config) {
    ArchitectureFamily family = Families.of(config);
    List<String> names =
        family.names().block().apply(0).qkv().stream()
            .map(path -> path.substring(path.lastIndexOf('.') + 1))
            .toList();
    return AdapterConfig.of(
        RANK, ALPHA, new TargetModules.Names(names), family.architecture(config).taskType());
  }

  /** Tokens of a query and its response. */
  public int rowTokens() {
    return Math.addExact(promptTokens, responseTokens);
  }

  /** The same with so many tokens behind each query. */
  public Workload withLongerPrompts(int tokens) {
    return new Workload(
        rows,
        Math.addExact(promptTokens, tokens),
        responseTokens,
        miniBatchRows,
        epochs,
        lora,
        int8Mode,
        seed);
  }

  /** The same with other rows, all of them one mini-batch. */
  Workload withRows(int newRows) {
    return new Workload(
        newRows, promptTokens, responseTokens, newRows, epochs, lora, int8Mode, seed);
  }

  /** Mini-batches of an epoch. */
  public int miniBatches() {
    return rows / miniBatchRows;
  }
}
