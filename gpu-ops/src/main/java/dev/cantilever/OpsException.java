package dev.cantilever;

/**
 * The unchecked parent of what {@code gpu-ops} throws. A message has three parts: what was
 * expected, what was found (names, shapes, bytes, paths), and what to do.
 */
public class OpsException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public OpsException(String message) {
    super(message);
  }

  public OpsException(String message, Throwable cause) {
    super(message, cause);
  }
}
