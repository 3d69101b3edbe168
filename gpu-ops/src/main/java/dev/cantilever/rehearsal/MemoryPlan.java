package dev.cantilever.rehearsal;

import dev.cantilever.memory.MemoryReport;
import java.util.Locale;

/**
 * What a workload takes of a device's memory, by purpose; {@link #toString} is the table users see.
 *
 * @param device the device planned for
 * @param budgetBytes hard ceiling of what the process may take
 * @param outsideArenasBytes what the process takes beside all arenas
 * @param fits whether the workload fits under these settings; if it does not, they are the smallest
 *     there are, and the bytes are what they would take
 * @param settings the largest that fit
 * @param mostRows most rows of this length that can be generated at once; 0 if none
 * @param report the arenas' peaks
 * @param advice what was lowered, or is to be lowered where nothing fits; one line
 */
public record MemoryPlan(
    String device,
    long budgetBytes,
    long outsideArenasBytes,
    boolean fits,
    PassSettings settings,
    int mostRows,
    MemoryReport report,
    String advice) {

  /** The arenas' peak, all purposes together. */
  public long arenaBytes() {
    return report.peakBytes();
  }

  /** What the driver will report for the process at its peak. */
  public long processBytes() {
    return Math.addExact(report.highWaterBytes(), outsideArenasBytes);
  }

  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    table.append(String.format(Locale.ROOT, "%-16s %12s%n", "purpose", "peak MiB"));
    for (MemoryReport.Line line : report.lines()) {
      append(table, line.purpose().label(), line.peakBytes());
    }
    append(table, "arenas together", arenaBytes());
    if (report.highWaterBytes() > arenaBytes()) {
      append(table, "with holes", report.highWaterBytes());
    }
    append(table, "context", outsideArenasBytes);
    append(table, "process", processBytes());
    append(table, "budget", budgetBytes);
    table.append(
        String.format(
            Locale.ROOT,
            "%s on %s: %d rows at once, %d tokens a pass, kept for backward: %s. At most %d rows at once.%n%s",
            fits ? "fits" : "does not fit",
            device,
            settings.maxRows(),
            settings.maxTokens(),
            settings.keptNames(),
            mostRows,
            advice));
    return table.toString();
  }

  private static void append(StringBuilder table, String label, long bytes) {
    table.append(String.format(Locale.ROOT, "%-16s %12.1f%n", label, bytes / (double) (1 << 20)));
  }
}
