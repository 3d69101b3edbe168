package dev.cantilever.memory;

import dev.cantilever.OpsException;
import java.util.Locale;

/** A reservation would pass the budget; carries the table at the moment of refusal. */
public final class BudgetExceededException extends OpsException {

  private final transient MemoryReport report;

  BudgetExceededException(
      String device, String arena, Purpose purpose, long bytes, MemoryReport report) {
    super(
        String.format(
            Locale.ROOT,
            "'%s' (%s) needs %.1f MiB more, but %s has %.1f MiB left of its budget of %.1f MiB."
                + " Lower the rows, the mini-batch or the response length, or raise --budget.%n%s",
            arena,
            purpose.label(),
            mib(bytes),
            device,
            mib(report.limitBytes() - report.liveBytes()),
            mib(report.limitBytes()),
            report));
    this.report = report;
  }

  private static double mib(long bytes) {
    return bytes / (double) (1 << 20);
  }

  /** The memory table when the reservation was refused. */
  public MemoryReport report() {
    return report;
  }
}
