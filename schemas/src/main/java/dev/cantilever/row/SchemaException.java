package dev.cantilever.row;

/**
 * A row, a column, a batch or a file is not what its definition says. The parent of this module's
 * unchecked exceptions; its message says what was expected, what was found and what to do.
 */
public class SchemaException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Creates an exception with no cause. */
  public SchemaException(String message) {
    super(message);
  }

  /** Creates an exception that keeps its cause. */
  public SchemaException(String message, Throwable cause) {
    super(message, cause);
  }
}
