package dev.cantilever.recipe;

/**
 * A mistake in what the user gave: an option, a recipe, an input. The message says what was
 * expected, what was found and what to do, and is all that the user sees; the program ends with
 * exit code 2. The parent of such exceptions in this module.
 */
public class UsageException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message what was expected, what was found, what to do
   */
  public UsageException(String message) {
    super(message);
  }

  /**
   * @param message what was expected, what was found, what to do
   * @param cause what revealed the mistake
   */
  public UsageException(String message, Throwable cause) {
    super(message, cause);
  }
}
