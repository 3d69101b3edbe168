package dev.cantilever.hubclient;

/**
 * The hub could not be reached, went wrong, or sent something else than it announced. The parent of
 * this package's exceptions.
 */
public class HubException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** With what was expected, found and to be done. */
  public HubException(String message) {
    super(message);
  }

  /** The same with its cause. */
  public HubException(String message, Throwable cause) {
    super(message, cause);
  }
}
