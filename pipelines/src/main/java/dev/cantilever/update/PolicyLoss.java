package dev.cantilever.update;

import dev.cantilever.model.TokenGradients;
import dev.cantilever.model.TokenLoss;
import dev.cantilever.model.TokenScores;
import dev.cantilever.ppo.FirstMiniBatchCheck;
import dev.cantilever.ppo.LossSpec;
import dev.cantilever.ppo.MiniBatchLoss;
import dev.cantilever.ppo.MiniBatchStatistics;
import dev.cantilever.ppo.TokenRows;
import dev.cantilever.ppo.UpdateRows;

/** PPO's loss of one mini-batch, as a model asks for its gradients. */
public final class PolicyLoss implements TokenLoss {

  private final UpdateRows batch;
  private final MiniBatchLoss loss;
  private final boolean requireRatioOne;

  /**
   * The loss of some rows.
   *
   * @param batch what the update holds fixed, of the mini-batch's rows
   * @param requireRatioOne whether nothing has moved yet, so that every ratio must be exactly 1
   */
  public PolicyLoss(UpdateRows batch, LossSpec spec, boolean requireRatioOne) {
    this.batch = batch;
    this.loss = new MiniBatchLoss(spec, batch.tokens());
    this.requireRatioOne = requireRatioOne;
  }

  @Override
  public TokenGradients gradients(int firstRow, TokenScores scores) {
    int[] part = new int[scores.offsets().length - 1];
    for (int row = 0; row < part.length; row++) {
      part[row] = firstRow + row;
    }
    UpdateRows held = batch.select(part);
    TokenRows now = StepTargets.tokens("new logprobs", scores.offsets(), scores.logprobs());
    if (requireRatioOne) {
      FirstMiniBatchCheck.requireRatioOne(held.logprobs(), now);
    }
    var gradients =
        loss.add(
            held,
            now,
            StepTargets.tokens("new values", scores.offsets(), scores.values()),
            StepTargets.tokens("entropies", scores.offsets(), scores.entropy()));
    return new TokenGradients(
        StepTargets.floats(gradients.logprobs().values()),
        StepTargets.floats(gradients.values().values()));
  }

  /** The statistics, and whether the optimiser may step; asked when all rows have been seen. */
  public MiniBatchStatistics finish() {
    return loss.finish();
  }
}
