package dev.cantilever.rehearsal;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.model.PassMemory;

/** A step of one workload and nothing beside it, as it is benchmarked. */
final class PlannedStep implements PlannedDevice {

  private final RehearsedPolicy policy;
  private final Workload workload;

  PlannedStep(RehearsedPolicy policy, Workload workload) {
    this.policy = policy;
    this.workload = workload;
  }

  @Override
  public void rollOut(int rows) {
    PassSettings atOnce = new PassSettings(rows, 1, KeepPlan.blockInputs());
    StepRehearsal step = new StepRehearsal(policy, workload.withRows(rows), atOnce);
    step.rollout(step.rows(0), 0);
  }

  @Override
  public void scoreAndUpdate(PassSettings settings) {
    StepRehearsal step = new StepRehearsal(policy, workload, settings);
    SyntheticRows rows = step.rows(0);
    try (PassMemory memory = step.openUpdate()) {
      step.score(memory, rows);
      step.update(memory, rows, new PlannedObjective(workload, 1));
    }
  }

  @Override
  public void close() {
    policy.close();
  }
}
