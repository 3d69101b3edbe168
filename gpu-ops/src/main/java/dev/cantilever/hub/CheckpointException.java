package dev.cantilever.hub;

import dev.cantilever.OpsException;

/**
 * A file of a checkpoint or adapter that is missing, damaged, or says something we must not obey.
 * The message names the file and the tensor or key, what was expected, what was found, and what to
 * do.
 */
public final class CheckpointException extends OpsException {
  private static final long serialVersionUID = 1L;

  public CheckpointException(String message) {
    super(OneLine.of(message));
  }

  public CheckpointException(String message, Throwable cause) {
    super(OneLine.of(message), cause);
  }
}
