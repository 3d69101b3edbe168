package dev.cantilever.hubclient;

import java.time.Duration;
import java.util.Optional;

/**
 * How long to wait before what failed is tried again, and how often.
 *
 * @param first wait after the first failure; doubled after each
 * @param attempts in a row that may fail
 */
record Backoff(Duration first, int attempts) {

  private static final Duration LONGEST = Duration.ofMinutes(1);

  /** Five attempts, 1, 2, 4 and 8 seconds apart. */
  static Backoff usual() {
    return new Backoff(Duration.ofSeconds(1), 5);
  }

  /**
   * Waits.
   *
   * @param failures so far, from 1
   * @param asked how long the server asks for, of which a minute is granted
   */
  void sleep(int failures, Optional<Duration> asked) throws InterruptedException {
    Duration wait = asked.orElseGet(() -> first.multipliedBy(1L << Math.min(failures - 1, 10)));
    Thread.sleep((wait.compareTo(LONGEST) > 0 ? LONGEST : wait).toMillis());
  }
}
