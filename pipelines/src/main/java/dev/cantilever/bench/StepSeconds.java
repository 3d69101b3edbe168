package dev.cantilever.bench;

/**
 * The seconds of one step; 0 for a phase that was not measured.
 *
 * @param prefill of a rollout of one token for each row, apart from the step
 * @param rollout all of it, prefill included
 * @param score policy and reference
 * @param update PPO's arithmetic on the host included
 */
public record StepSeconds(double prefill, double rollout, double score, double update) {

  /** Rollout, score and update. */
  public double step() {
    return rollout + score + update;
  }
}
