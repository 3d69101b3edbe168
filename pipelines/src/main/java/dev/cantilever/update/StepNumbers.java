package dev.cantilever.update;

import dev.cantilever.ppo.PpoException;
import dev.cantilever.ppo.PpoStatistics;
import dev.cantilever.row.Statistic;
import java.util.EnumMap;
import java.util.Map;

/** The row of {@code steps.parquet}: trl's statistics, and ours beside them. */
final class StepNumbers {
  private StepNumbers() {}

  static Map<Statistic, Double> of(PpoStatistics ppo, SamplerGap gap, GradientNorms norms) {
    Map<String, Double> named = ppo.toMap();
    Map<Statistic, Double> row = new EnumMap<>(Statistic.class);
    row.put(Statistic.SAMPLER_GAP_MEAN, gap.mean());
    row.put(Statistic.SAMPLER_GAP_MAX, gap.max());
    row.put(Statistic.GRAD_NORM, norms.mean());
    row.put(Statistic.OPTIMIZER_STEPS, (double) norms.steps());
    row.put(Statistic.SKIPPED_MINI_BATCHES, (double) ppo.skippedSteps());
    for (Statistic statistic : Statistic.values()) {
      if (!row.containsKey(statistic)) {
        Double value = named.get(statistic.label());
        if (value == null) {
          throw new PpoException(
              "statistics: expected a value for "
                  + statistic.label()
                  + ", found only "
                  + named.keySet()
                  + "; the tables of statistics have come apart, report it");
        }
        row.put(statistic, value);
      }
    }
    return row;
  }
}
