package dev.cantilever.ppo;

import java.util.Locale;

/** The parts of a step that trl times. */
public enum PpoPhase {
  FORWARD_PASS,
  COMPUTE_REWARDS,
  COMPUTE_ADVANTAGES,
  OPTIMIZE_STEP,
  CALC_STATS,
  TOTAL;

  /** trl's statistic, in seconds: {@code time/ppo/forward_pass} and so on. */
  String statistic() {
    return "time/ppo/" + name().toLowerCase(Locale.ROOT);
  }
}
