package dev.cantilever.manifest;

import dev.cantilever.row.SchemaException;

/** A manifest, or a file that it names, is not what was committed. */
public final class ManifestException extends SchemaException {

  private static final long serialVersionUID = 1L;

  /** Creates an exception with no cause. */
  public ManifestException(String message) {
    super(message);
  }

  /** Creates an exception that keeps its cause. */
  public ManifestException(String message, Throwable cause) {
    super(message, cause);
  }
}
