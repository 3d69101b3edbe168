package dev.cantilever.rehearsal;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.model.Generation;
import dev.cantilever.model.GenerationSpec;
import dev.cantilever.model.Generator;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.PolicyModel;
import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.StopRule;
import java.util.Arrays;
import java.util.List;

/**
 * The phases of a PPO step: rollout, score, update. Each ends with the device idle. Scoring and
 * updating share the arenas of {@link #openUpdate}, as in training; those of a rollout are its own
 * and gone when it returns.
 */
public final class StepRehearsal {

  private final RehearsedPolicy policy;
  private final Backend backend;
  private final Workload workload;
  private final PassSettings settings;
  private final PolicyModel scorer;

  /** A rehearsal of one workload under given settings. */
  public StepRehearsal(RehearsedPolicy policy, Workload workload, PassSettings settings) {
    this.policy = policy;
    this.backend = policy.backend();
    this.workload = workload;
    this.settings = settings;
    this.scorer = policy.policy(workload, settings);
  }

  /** A step's queries, with responses drawn at random where no rollout is made. */
  public SyntheticRows rows(int step) {
    return SyntheticRows.drawn(workload, policy.model().vocabSize(), step);
  }

  /**
   * Samples a response to every query.
   *
   * @param step tells the draws of steps apart
   * @return the queries with what was generated
   */
  public SyntheticRows rollout(SyntheticRows queries, int step) {
    try (PassMemory memory = openRollout()) {
      return rollout(memory, queries, step);
    }
  }

  SyntheticRows rollout(PassMemory memory, SyntheticRows queries, int step) {
    return queries.answeredBy(generate(memory, queries, step, workload.responseTokens()));
  }

  /** As {@link #rollout}, but for one token each: the queries' own pass through the model. */
  public void prefill(SyntheticRows queries, int step) {
    try (PassMemory memory = openRollout()) {
      generate(memory, queries, step, 1);
    }
  }

  private List<Generation> generate(
      PassMemory memory, SyntheticRows queries, int step, int responseTokens) {
    long[] ids = new long[workload.rows()];
    int[] limits = new int[workload.rows()];
    Arrays.setAll(ids, row -> row);
    Arrays.fill(limits, responseTokens);
    GenerationSpec spec =
        new GenerationSpec(
            policy.actingAdapters(),
            SamplingSpec.PLAIN,
            StopRule.never(),
            workload.seed(),
            step,
            settings.maxRows());
    List<Generation> generations =
        new Generator(backend, policy.model())
            .generate(memory, queries.queryTokens(), ids, limits, spec);
    backend.synchronize();
    return generations;
  }

  /** Opens the arenas of a rollout; the caller closes them. */
  PassMemory openRollout() {
    return new PassMemory(backend, "rollout");
  }

  /** Opens the arenas of scoring and update; the caller closes them. */
  public PassMemory openUpdate() {
    return new PassMemory(backend, "update");
  }

  /** Scores of policy and reference, from one pass over both. */
  public PolicyScores score(PassMemory memory, SyntheticRows rows) {
    return score(memory, rows, false);
  }

  /** Scores, with divergences over the whole vocabulary if they are wanted. */
  PolicyScores score(PassMemory memory, SyntheticRows rows, boolean fullKl) {
    PolicyScores scores = scorer.score(memory, rows.all(), fullKl);
    backend.synchronize();
    return scores;
  }

  /** Epochs of mini-batches: forward, backward, clipping, AdamW. */
  public void update(PassMemory memory, SyntheticRows rows, StepObjective objective) {
    for (int epoch = 0; epoch < workload.epochs(); epoch++) {
      List<int[]> miniBatches = objective.miniBatches(epoch);
      for (int m = 0; m < miniBatches.size(); m++) {
        int[] chosen = miniBatches.get(m);
        MiniBatchObjective loss = objective.miniBatch(epoch, m, chosen);
        policy.zeroGradients();
        scorer.train(memory, rows.select(chosen), loss);
        if (loss.steps()) {
          policy.step();
        }
      }
    }
    backend.synchronize();
  }
}
