package dev.cantilever.rehearsal;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.model.WeightSource;
import java.io.IOException;

/**
 * Plans the memory of a PPO run: like {@link MemoryPlanner}, but with all that the run has on its
 * device beside the base. Each arena is planned as one piece, of the size that the largest rows
 * there can be make it, so that a run of that plan takes those bytes whatever its rows are.
 */
public final class RunPlanner {

  private final BackendKind device;
  private final WeightSource source;
  private final RunWorkload workload;

  /**
   * A planner.
   *
   * @param source of the base's weights; its description and headers are all that is read
   */
  public RunPlanner(BackendKind device, WeightSource source, RunWorkload workload) {
    this.device = device;
    this.source = source.withoutData();
    this.workload = workload;
  }

  /**
   * Plans under a budget.
   *
   * @param budgetBytes as {@link Backends#open} takes it
   * @param most the settings to begin from; they are only ever lowered
   */
  public RunPlan plan(long budgetBytes, PassSettings most) throws IOException {
    try (Backend endless = Backends.meta(device, Long.MAX_VALUE);
        RunSizes sizes = RunSizes.open(endless, source, workload)) {
      MemoryPlan plan =
          new MemoryPlanner(
                  device,
                  source.config(),
                  workload.step(),
                  workload.batchRows(),
                  backend -> PlannedRun.load(backend, source, workload, sizes),
                  "What is there all the time, the base model, the adapters and the classifier with"
                      + " its pass, does not fit: raise --budget to what process says, lower"
                      + " reward.max_tokens or rollout.batch_rows, or take smaller models.")
              .plan(budgetBytes, most);
      return new RunPlan(plan, sizes.memory(plan.settings()));
    }
  }
}
