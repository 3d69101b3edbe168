package dev.cantilever.cli;

import dev.cantilever.memory.MemoryReport;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.rehearsal.PassSettings;

/** Memory as JSON. */
final class MemoryJson {
  private MemoryJson() {}

  static JsonResult plan(MemoryPlan plan) {
    return new JsonResult()
        .put("fits", plan.fits())
        .put("device", plan.device())
        .put("budget_bytes", plan.budgetBytes())
        .put("process_bytes", plan.processBytes())
        .put("context_bytes", plan.outsideArenasBytes())
        .put("arena_bytes", plan.arenaBytes())
        .put("bytes", byPurpose(plan.report()))
        .put("settings", settings(plan.settings()))
        .put("most_rows", plan.mostRows())
        .put("advice", plan.advice());
  }

  static JsonResult settings(PassSettings settings) {
    return new JsonResult()
        .put("max_rows", settings.maxRows())
        .put("max_tokens", settings.maxTokens())
        .put("kept", settings.keptNames());
  }

  /** Each purpose's peak, under its name with underscores. */
  static JsonResult byPurpose(MemoryReport report) {
    JsonResult bytes = new JsonResult();
    report
        .lines()
        .forEach(line -> bytes.put(line.purpose().label().replace(' ', '_'), line.peakBytes()));
    return bytes;
  }
}
