package dev.cantilever.backend;

import dev.cantilever.OpsException;

/** An operation met a NaN or an infinity where none may be; the message names tensor and row. */
public final class NotFiniteException extends OpsException {
  private static final long serialVersionUID = 1L;

  public NotFiniteException(String message) {
    super(message);
  }
}
