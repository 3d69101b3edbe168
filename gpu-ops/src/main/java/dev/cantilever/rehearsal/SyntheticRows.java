package dev.cantilever.rehearsal;

import dev.cantilever.model.Generation;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.model.TokenRows;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Queries of a step, and once they are there its responses, as token ids.
 *
 * @param queries [rows][prompt]
 * @param responses [rows][response]
 */
public record SyntheticRows(int[][] queries, int[][] responses) {

  private static final long QUERIES = 1;
  private static final long RESPONSES = 2;

  /** Queries and responses drawn uniformly over the vocabulary; each step has its own. */
  static SyntheticRows drawn(Workload workload, int vocabSize, int step) {
    return new SyntheticRows(
        drawn(workload, workload.promptTokens(), vocabSize, step, QUERIES),
        drawn(workload, workload.responseTokens(), vocabSize, step, RESPONSES));
  }

  private static int[][] drawn(
      Workload workload, int length, int vocabSize, int step, long stream) {
    SplittableRandom random = new SplittableRandom((workload.seed() * 31 + step) * 31 + stream);
    int[][] rows = new int[workload.rows()][];
    for (int r = 0; r < rows.length; r++) {
      rows[r] = random.ints(length, 0, vocabSize).toArray();
    }
    return rows;
  }

  /** The same queries with what was generated. */
  SyntheticRows answeredBy(List<Generation> generations) {
    return new SyntheticRows(
        queries, generations.stream().map(Generation::tokens).toArray(int[][]::new));
  }

  TokenRows queryTokens() {
    return TokenRows.of(queries);
  }

  /** All rows for a model. */
  ResponseRows all() {
    return ResponseRows.of(queries, responses);
  }

  /** Some of the rows for a model, in the order asked for. */
  ResponseRows select(int[] rows) {
    int[][] chosenQueries = new int[rows.length][];
    int[][] chosenResponses = new int[rows.length][];
    for (int i = 0; i < rows.length; i++) {
      chosenQueries[i] = queries[rows[i]];
      chosenResponses[i] = responses[rows[i]];
    }
    return ResponseRows.of(chosenQueries, chosenResponses);
  }
}
