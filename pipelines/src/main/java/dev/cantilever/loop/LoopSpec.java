package dev.cantilever.loop;

import java.util.Optional;

/**
 * The section {@code loop}: how long PPO goes on.
 *
 * @param steps number of PPO steps; 0: one pass over the training documents
 * @param stopKl nats per response ({@code objective/kl}) beyond which the run ends early; absent:
 *     never
 * @param keepStates how many of the newest training states stay on disk
 */
public record LoopSpec(int steps, Optional<Double> stopKl, int keepStates) {

  /** One pass over the documents, the last two states kept. */
  public static LoopSpec defaults() {
    return new LoopSpec(0, Optional.empty(), 2);
  }

  /** Checks the numbers. */
  public LoopSpec {
    if (steps < 0 || keepStates < 1 || stopKl.filter(kl -> !(kl > 0)).isPresent()) {
      throw new IllegalArgumentException(
          "expected steps >= 0, keep_states >= 1 and stop_kl above 0 or null, got "
              + steps
              + ", "
              + keepStates
              + " and "
              + stopKl.map(Object::toString).orElse("null"));
    }
  }
}
