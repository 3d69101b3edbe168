package dev.cantilever.cli;

import dev.cantilever.backend.DriverReading;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import dev.cantilever.rehearsal.MemoryPlan;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What was taken of a device beside what was planned.
 *
 * @param plan made before anything was loaded
 * @param arenas afterwards
 * @param driver the device's driver at the peak; nothing where there is none to ask
 */
record MeasuredMemory(MemoryPlan plan, MemoryReport arenas, Optional<DriverReading> driver) {

  private static final double MEBI = 1 << 20;

  /** Head of the columns. */
  static final List<String> HEADER = List.of("memory, MiB", "planned", "measured");

  /** A row for each purpose. */
  List<List<String>> purposes() {
    Map<Purpose, Long> planned = peaks(plan.report());
    Map<Purpose, Long> measured = peaks(arenas);
    TreeSet<Purpose> purposes = new TreeSet<>(planned.keySet());
    purposes.addAll(measured.keySet());
    List<List<String>> rows = new ArrayList<>();
    for (Purpose purpose : purposes) {
      rows.add(
          row(
              purpose.label(),
              planned.getOrDefault(purpose, 0L),
              measured.getOrDefault(purpose, 0L)));
    }
    return rows;
  }

  /** The arenas together, and the process by the driver. */
  List<List<String>> totals() {
    List<List<String>> rows = new ArrayList<>();
    rows.add(row("arenas together", plan.arenaBytes(), arenas.peakBytes()));
    driver.ifPresent(
        reading ->
            rows.add(
                row(
                    reading.wholeCard() ? "card, by the driver" : "process, by the driver",
                    plan.processBytes(),
                    reading.processBytes())));
    return rows;
  }

  private static Map<Purpose, Long> peaks(MemoryReport memory) {
    Map<Purpose, Long> peaks = new EnumMap<>(Purpose.class);
    memory.lines().forEach(line -> peaks.put(line.purpose(), line.peakBytes()));
    return peaks;
  }

  private static List<String> row(String label, long planned, long measured) {
    return List.of(label, mebi(planned), mebi(measured));
  }

  private static String mebi(long bytes) {
    return String.format(Locale.ROOT, "%.1f", bytes / MEBI);
  }

  /** Adds both to a command's JSON. */
  void put(JsonResult json) {
    json.put("peak_bytes", MemoryJson.byPurpose(arenas))
        .put("arena_bytes", arenas.peakBytes())
        .put("reserved_bytes", arenas.highWaterBytes())
        .put("plan", MemoryJson.plan(plan));
    driver.ifPresentOrElse(
        reading -> json.put("driver", reading(reading)), () -> json.putNull("driver"));
  }

  /** Adds the plan where nothing was measured, under the same names. */
  static void putUnmeasured(JsonResult json, MemoryPlan plan) {
    json.putNull("peak_bytes")
        .putNull("arena_bytes")
        .putNull("reserved_bytes")
        .put("plan", MemoryJson.plan(plan))
        .putNull("driver");
  }

  private static JsonResult reading(DriverReading driver) {
    return new JsonResult()
        .put("version", driver.driver())
        .put("process_bytes", driver.processBytes())
        .put("whole_card", driver.wholeCard())
        .put("compute_mhz", driver.computeMhz())
        .put("memory_mhz", driver.memoryMhz());
  }
}
