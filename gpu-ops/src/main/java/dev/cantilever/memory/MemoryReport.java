package dev.cantilever.memory;

import java.util.List;
import java.util.Locale;

/**
 * Memory by purpose at one moment; {@link #toString} is the table users see.
 *
 * @param device name of the device
 * @param limitBytes the budget
 * @param liveBytes reserved at that moment
 * @param peakBytes the most that was reserved at once
 * @param highWaterBytes the part of the device's reservation that was ever in use, holes included;
 *     equal to {@code peakBytes} where there is no such reservation
 * @param lines a line for each purpose that was ever used
 */
public record MemoryReport(
    String device,
    long limitBytes,
    long liveBytes,
    long peakBytes,
    long highWaterBytes,
    List<Line> lines) {

  /**
   * One purpose's bytes.
   *
   * @param purpose what they are for
   * @param liveBytes reserved now
   * @param peakBytes the most reserved at once for this purpose
   */
  public record Line(Purpose purpose, long liveBytes, long peakBytes) {}

  /** Copies the lines. */
  public MemoryReport {
    lines = List.copyOf(lines);
  }

  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    table.append(String.format(Locale.ROOT, "%-16s %12s %12s%n", "purpose", "now MiB", "peak MiB"));
    for (Line line : lines) {
      append(table, line.purpose().label(), line.liveBytes(), line.peakBytes());
    }
    append(table, "together", liveBytes, peakBytes);
    if (highWaterBytes > peakBytes) {
      table.append(
          String.format(
              Locale.ROOT,
              "%-16s %12s %12.1f%n",
              "with holes",
              "",
              highWaterBytes / (double) (1 << 20)));
    }
    table.append(
        String.format(
            Locale.ROOT, "%-16s %12s %12.1f", "budget", device, limitBytes / (double) (1 << 20)));
    return table.toString();
  }

  private static void append(StringBuilder table, String label, long live, long peak) {
    table.append(
        String.format(
            Locale.ROOT,
            "%-16s %12.1f %12.1f%n",
            label,
            live / (double) (1 << 20),
            peak / (double) (1 << 20)));
  }
}
