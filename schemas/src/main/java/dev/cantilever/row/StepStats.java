package dev.cantilever.row;

import java.util.Collections;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;

/**
 * The statistics of one PPO step; one row of {@code steps.parquet}, one column per {@link
 * Statistic}.
 *
 * @param run name of the run
 * @param step the PPO step
 * @param seed the run's seed
 * @param adapterDigest digest of the adapter after the step
 * @param statistics a value for every statistic, in their order; NaN where a formula has no value,
 *     as the deviation of a single score
 */
public record StepStats(
    String run, int step, long seed, String adapterDigest, Map<Statistic, Double> statistics) {

  /** Checks that no statistic is missing and copies the values. */
  public StepStats {
    Checks.notBlank("StepStats", "run", run);
    Checks.notNegative("StepStats", "step", step);
    Set<Statistic> missing = EnumSet.allOf(Statistic.class);
    missing.removeAll(statistics.keySet());
    if (!missing.isEmpty()) {
      throw new SchemaException(
          "StepStats: expected a value for every statistic, found none for "
              + missing.stream().map(Statistic::label).toList()
              + ". Put NaN where a formula has no value.");
    }
    statistics = Collections.unmodifiableMap(new EnumMap<>(statistics));
  }

  /** The value of a statistic. */
  public double get(Statistic statistic) {
    Double value = statistics.get(statistic);
    if (value == null) {
      throw new AssertionError(statistic + " is missing though the constructor demands it");
    }
    return value;
  }
}
