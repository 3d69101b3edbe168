package dev.cantilever.bench;

import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.TokenGradients;
import dev.cantilever.model.TokenScores;
import dev.cantilever.ppo.BatchSpec;
import dev.cantilever.ppo.MiniBatches;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.ppo.RunningMoments;
import dev.cantilever.rehearsal.MiniBatchObjective;
import dev.cantilever.rehearsal.StepObjective;
import dev.cantilever.rehearsal.Workload;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.update.PolicyLoss;
import dev.cantilever.update.StepTargets;
import java.util.List;
import java.util.SplittableRandom;

/**
 * This project's PPO on rehearsed rows, with rewards drawn from a seed. Where a row's numbers do
 * not depend on its batch-mates ({@code weight-only}), the identities are asserted: KL exactly 0
 * under a fresh adapter, ratio exactly 1 in a step's first mini-batch.
 */
final class PpoObjective implements StepObjective {

  /** Tells rewards apart from everything else that a seed is used for. */
  private static final long REWARDS = 0x5EED5C0DEL;

  private final PpoSpec ppo;
  private final Workload workload;
  private final int step;
  private final boolean exact;
  private final StepTargets targets;

  private PpoObjective(
      PpoSpec ppo, Workload workload, int step, boolean exact, StepTargets targets) {
    this.ppo = ppo;
    this.workload = workload;
    this.step = step;
    this.exact = exact;
    this.targets = targets;
  }

  /** The settings: the product's own, on the workload's batches. */
  static PpoSpec settings(Workload workload) {
    return PpoSpec.defaults()
        .withBatch(new BatchSpec(workload.rows(), workload.miniBatchRows(), workload.epochs()));
  }

  /** Whether the identities hold to the bit in a way of executing the base. */
  static boolean isExact(Workload workload) {
    return workload.int8Mode() == Int8Mode.WEIGHT_ONLY;
  }

  /**
   * What the update of a step aims at.
   *
   * @param step counted from 0, at which the adapter is fresh
   */
  static PpoObjective of(PpoSpec ppo, Workload workload, int step, PolicyScores scores) {
    boolean exact = isExact(workload);
    StepTargets targets =
        StepTargets.of(
            ppo,
            scores,
            new SplittableRandom(workload.seed() * 31 + step ^ REWARDS)
                .doubles(workload.rows(), -1, 1)
                .toArray(),
            ppo.kl().initCoef(),
            RunningMoments.empty(),
            exact && step == 0);
    return new PpoObjective(ppo, workload, step, exact, targets);
  }

  @Override
  public List<int[]> miniBatches(int epoch) {
    return MiniBatches.ofEpoch(ppo.batch(), workload.seed(), step, epoch);
  }

  @Override
  public MiniBatchObjective miniBatch(int epoch, int index, int[] rows) {
    boolean first = epoch == 0 && index == 0;
    PolicyLoss loss = new PolicyLoss(targets.fixed().select(rows), ppo.loss(), exact && first);
    return new MiniBatchObjective() {
      @Override
      public TokenGradients gradients(int firstRow, TokenScores scores) {
        return loss.gradients(firstRow, scores);
      }

      @Override
      public boolean steps() {
        return !loss.finish().stepSkipped();
      }
    };
  }
}
