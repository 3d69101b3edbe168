package dev.cantilever.train;

import dev.cantilever.rehearsal.MemoryPlan;

/** A recipe's PPO does not fit its budget; carries the plan's table. Nothing was loaded. */
public final class OverBudgetException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  OverBudgetException(MemoryPlan plan) {
    super("expected the run to fit its budget, found that it does not:%n%s".formatted(plan));
  }
}
