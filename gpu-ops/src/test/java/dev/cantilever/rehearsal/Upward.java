package dev.cantilever.rehearsal;

import dev.cantilever.model.TokenGradients;
import dev.cantilever.model.TokenScores;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Pushes every token's log-probability up.
 *
 * @param rows of a step
 * @param miniBatchRows rows of a mini-batch: the i-th of m has rows i, i + m, i + 2m and so on
 */
record Upward(int rows, int miniBatchRows) implements StepObjective, MiniBatchObjective {

  @Override
  public List<int[]> miniBatches(int epoch) {
    int count = rows / miniBatchRows;
    return IntStream.range(0, count)
        .mapToObj(first -> IntStream.range(0, miniBatchRows).map(i -> first + i * count).toArray())
        .toList();
  }

  @Override
  public MiniBatchObjective miniBatch(int epoch, int index, int[] chosen) {
    return this;
  }

  @Override
  public boolean steps() {
    return true;
  }

  @Override
  public TokenGradients gradients(int firstRow, TokenScores scores) {
    float[] up = new float[scores.logprobs().length];
    Arrays.fill(up, -1);
    return new TokenGradients(up, new float[up.length]);
  }
}
