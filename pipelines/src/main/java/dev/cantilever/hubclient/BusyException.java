package dev.cantilever.hubclient;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** The server answers that it cannot now: worth another attempt. */
final class BusyException extends IOException {

  private static final long serialVersionUID = 1L;

  private final transient Optional<Duration> retryAfter;

  BusyException(String message, Optional<Duration> retryAfter) {
    super(message);
    this.retryAfter = retryAfter;
  }

  Optional<Duration> retryAfter() {
    return retryAfter;
  }
}
