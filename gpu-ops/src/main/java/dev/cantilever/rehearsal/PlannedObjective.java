package dev.cantilever.rehearsal;

import dev.cantilever.model.TokenGradients;
import dev.cantilever.model.TokenScores;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** No loss at all: the shape of an update, for the device on which no number is computed. */
final class PlannedObjective implements StepObjective {

  private final Workload workload;
  private final int miniBatches;

  /**
   * @param miniBatches of an epoch; those that follow are like the first
   */
  PlannedObjective(Workload workload, int miniBatches) {
    this.workload = workload;
    this.miniBatches = miniBatches;
  }

  @Override
  public List<int[]> miniBatches(int epoch) {
    List<int[]> all = new ArrayList<>();
    for (int m = 0; m < miniBatches; m++) {
      int first = m * workload.miniBatchRows();
      all.add(IntStream.range(first, first + workload.miniBatchRows()).toArray());
    }
    return all;
  }

  @Override
  public MiniBatchObjective miniBatch(int epoch, int index, int[] rows) {
    return new MiniBatchObjective() {
      @Override
      public boolean steps() {
        return true;
      }

      @Override
      public TokenGradients gradients(int firstRow, TokenScores scores) {
        int tokens = scores.logprobs().length;
        return new TokenGradients(new float[tokens], new float[tokens]);
      }
    };
  }
}
