package dev.cantilever.text;

/**
 * An input as a whole cannot be used: a missing file, an unknown format, a column that does not
 * exist, a tokenizer that does not belong to its model. The parent of the module's unchecked
 * exceptions; a single bad row is a {@link BadRow} instead.
 */
public class DatasetException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /**
   * Makes the message from its parts.
   *
   * @param where the file, folder or setting at fault
   * @param expected what was expected there, as in "a column named 'text'"
   * @param found what was found instead
   * @param remedy what to do, as a sentence without its full stop
   */
  public DatasetException(String where, String expected, String found, String remedy) {
    super(message(where, expected, found, remedy));
  }

  /**
   * Makes the message from its parts, keeping the cause.
   *
   * @param where the file, folder or setting at fault
   * @param expected what was expected there
   * @param found what was found instead
   * @param remedy what to do, as a sentence without its full stop
   * @param cause what revealed it
   */
  public DatasetException(
      String where, String expected, String found, String remedy, Throwable cause) {
    super(message(where, expected, found, remedy), cause);
  }

  private static String message(String where, String expected, String found, String remedy) {
    String message = where + ": expected " + expected + ", found " + found + ". " + remedy + ".";
    return message.replaceAll("\\s*\\R\\s*", " "); // what was found may be lines of a file
  }
}
