package dev.cantilever.backend;

import dev.cantilever.OpsException;

/** A backend was asked for something its {@link Capabilities} do not declare. */
public final class UnsupportedOpException extends OpsException {

  /** Makes the exception; the message says what was expected, what was found and what to do. */
  public UnsupportedOpException(String message) {
    super(message);
  }
}
