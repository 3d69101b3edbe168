package dev.cantilever.update;

import dev.cantilever.model.PassMemory;
import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.ppo.KlController;
import dev.cantilever.ppo.KlPenalty;
import dev.cantilever.ppo.MiniBatchStatistics;
import dev.cantilever.ppo.MiniBatches;
import dev.cantilever.ppo.PpoException;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.ppo.PpoStatistics;
import dev.cantilever.ppo.RolloutStatistics;
import dev.cantilever.ppo.RunningMoments;
import dev.cantilever.ppo.TokenRows;
import dev.cantilever.ppo.UpdateRows;
import dev.cantilever.row.FloatSequence;
import dev.cantilever.row.Rollout;
import dev.cantilever.row.RolloutUpdate;
import dev.cantilever.tensor.Int8Mode;
import java.util.ArrayList;
import java.util.List;

/** The PPO step on a model: scores, rewards, advantages, epochs of mini-batches. */
final class StepUpdate {

  private final UpdateTask task;
  private final PpoSpec ppo;
  private final TrainablePolicy policy;
  private final List<Rollout> rollouts;
  private final boolean exact;

  /**
   * @param rollouts of the step, in the order of their query ids
   */
  StepUpdate(UpdateTask task, TrainablePolicy policy, List<Rollout> rollouts) {
    this.task = task;
    this.ppo = task.ppo();
    this.policy = policy;
    this.rollouts = rollouts;
    // Under llm-int8 a row's outlier columns depend on its batch-mates, and nothing is exact.
    this.exact = task.policy().device().int8Mode() == Int8Mode.WEIGHT_ONLY;
  }

  /** Runs the step; the policy has moved when this returns. */
  StepOutcome run(PassMemory memory, KlController controller, RunningMoments moments) {
    PolicyScores scored =
        policy.model().score(memory, rows(allRows()), ppo.kl().penalty() == KlPenalty.FULL);
    double[] raw = rawScores();
    StepTargets targets =
        StepTargets.of(
            ppo,
            scored,
            raw,
            controller.coefficient(),
            moments,
            exact && task.previous().isEmpty());
    RolloutStatistics sampled =
        RolloutStatistics.of(
            targets.logprobs(),
            targets.rewards(),
            targets.shaped().scores(),
            controller.coefficient());
    PpoStatistics statistics =
        new PpoStatistics(sampled, ppo.stepSize().learningRate())
            .environment(
                raw, lengths(r -> r.query().length()), lengths(r -> r.response().length()));
    GradientNorms norms = epochs(memory, targets.fixed(), statistics);
    return new StepOutcome(
        updates(targets),
        StepNumbers.of(statistics, SamplerGap.of(rollouts, targets.logprobs()), norms),
        controller.next(sampled.kl(), rollouts.size()),
        targets.shaped().moments());
  }

  private GradientNorms epochs(PassMemory memory, UpdateRows fixed, PpoStatistics statistics) {
    GradientNorms norms = new GradientNorms();
    for (int epoch = 0; epoch < ppo.batch().epochs(); epoch++) {
      double policyKl = 0;
      List<int[]> miniBatches =
          MiniBatches.ofEpoch(ppo.batch(), task.policy().seed(), task.step(), epoch);
      for (int m = 0; m < miniBatches.size(); m++) {
        boolean first = exact && epoch == 0 && m == 0;
        MiniBatchStatistics done = miniBatch(memory, miniBatches.get(m), fixed, first);
        if (!done.stepSkipped()) {
          norms.add(policy.step());
        }
        statistics.add(done);
        policyKl = done.policy().policyKl();
      }
      if (ppo.earlyStop().stopsAfterEpoch(policyKl)) {
        break;
      }
    }
    return norms;
  }

  private MiniBatchStatistics miniBatch(
      PassMemory memory, int[] chosen, UpdateRows fixed, boolean first) {
    PolicyLoss loss = new PolicyLoss(fixed.select(chosen), ppo.loss(), first);
    policy.zeroGradients();
    policy.model().train(memory, rows(chosen), loss);
    return loss.finish();
  }

  private int[] allRows() {
    int[] all = new int[rollouts.size()];
    for (int row = 0; row < all.length; row++) {
      all[row] = row;
    }
    return all;
  }

  private ResponseRows rows(int[] chosen) {
    int[][] queries = new int[chosen.length][];
    int[][] responses = new int[chosen.length][];
    for (int i = 0; i < chosen.length; i++) {
      queries[i] = rollouts.get(chosen[i]).query().queryIds().toArray();
      responses[i] = rollouts.get(chosen[i]).response().ids().toArray();
    }
    return ResponseRows.of(queries, responses);
  }

  private double[] rawScores() {
    double[] raw = new double[rollouts.size()];
    for (int row = 0; row < raw.length; row++) {
      Rollout rollout = rollouts.get(row);
      if (rollout.scores().isEmpty()) {
        throw new PpoException(
            "scores: expected a score for every rollout, found none for query "
                + rollout.queryId()
                + " of step "
                + rollout.step()
                + "; delete the step's rollouts, and they are made and scored again");
      }
      raw[row] = rollout.scores().get(0).value();
    }
    return raw;
  }

  private int[] lengths(java.util.function.ToIntFunction<Rollout> length) {
    return rollouts.stream().mapToInt(length).toArray();
  }

  private List<RolloutUpdate> updates(StepTargets targets) {
    List<RolloutUpdate> updates = new ArrayList<>(rollouts.size());
    for (int row = 0; row < rollouts.size(); row++) {
      updates.add(
          new RolloutUpdate(
              task.step(),
              rollouts.get(row).queryId(),
              sequence(targets.logprobs(), row),
              sequence(targets.reference(), row),
              sequence(targets.fixed().values(), row),
              sequence(targets.rewards().rewards(), row),
              sequence(targets.fixed().advantages(), row),
              sequence(targets.fixed().returns(), row)));
    }
    return updates;
  }

  private static FloatSequence sequence(TokenRows rows, int row) {
    return FloatSequence.of(StepTargets.floats(rows.row(row)));
  }
}
