package dev.cantilever.backend;

import dev.cantilever.OpsException;

/** A device is missing or failed. */
public final class DeviceException extends OpsException {

  /** Makes the exception; the message says what was expected, what was found and what to do. */
  public DeviceException(String message) {
    super(message);
  }
}
