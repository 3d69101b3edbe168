package dev.cantilever.memory;

import dev.cantilever.OpsException;
import java.util.Locale;

/**
 * A chunk would pass the budget, or finds no place in the device's reservation; carries the table
 * at the moment of refusal.
 */
public final class BudgetExceededException extends OpsException {

  private final transient MemoryReport report;

  /** The sum of all chunks would pass the budget. */
  BudgetExceededException(String device, Arena arena, long bytes, MemoryReport report) {
    super(
        message(
            arena, bytes, "more, but %s has %s".formatted(device, left(report)), "Lower", report));
    this.report = report;
  }

  /** The budget has room, but not in one piece. */
  BudgetExceededException(
      String device, Arena arena, long bytes, MemoryReport report, ReservationFullException cause) {
    super(
        message(
            arena,
            bytes,
            "more in one piece, but the largest hole of %s has %s MiB, with %s"
                .formatted(device, mib(cause.largestHoleBytes()), left(report)),
            "Close arenas that are larger first, lower",
            report),
        cause);
    this.report = report;
  }

  private static String message(
      Arena arena, long bytes, String found, String remedy, MemoryReport report) {
    return String.format(
        Locale.ROOT,
        "'%s' (%s) needs %s MiB %s. %s the rows, the mini-batch or the response length, or raise"
            + " --budget.%n%s",
        arena.name(),
        arena.purpose().label(),
        mib(bytes),
        found,
        remedy,
        report);
  }

  private static String left(MemoryReport report) {
    return "%s MiB left of its budget of %s MiB"
        .formatted(mib(report.limitBytes() - report.liveBytes()), mib(report.limitBytes()));
  }

  private static String mib(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / (double) (1 << 20));
  }

  /** The memory table when the chunk was refused. */
  public MemoryReport report() {
    return report;
  }
}
