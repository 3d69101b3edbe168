package dev.cantilever.bench;

/** What is measured of a step. */
public enum BenchPhase {
  /** Responses to all queries. */
  ROLLOUT,
  /** Scores of policy and reference, on random responses. */
  SCORE,
  /** Epochs of mini-batches, on random responses. */
  UPDATE,
  /** One after the other, each on what the one before made. */
  STEP;

  /** Whether a run of this measures a phase. */
  public boolean includes(BenchPhase phase) {
    return this == phase || this == STEP;
  }
}
