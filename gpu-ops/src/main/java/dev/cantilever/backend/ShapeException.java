package dev.cantilever.backend;

import dev.cantilever.OpsException;

/** An operation was given a tensor of the wrong shape or element type. */
public final class ShapeException extends OpsException {

  /** Makes the exception; the message says what was expected, what was found and what to do. */
  public ShapeException(String message) {
    super(message);
  }
}
