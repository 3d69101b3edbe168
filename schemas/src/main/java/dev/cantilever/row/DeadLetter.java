package dev.cantilever.row;

/**
 * An input row that was refused, and why.
 *
 * @param source the file it was read from
 * @param line where in the file, counted from 1; 0 where the source has no lines
 * @param reason what was expected and what was found
 * @param content the row as it was read, shortened if need be
 */
public record DeadLetter(String source, long line, String reason, String content) {

  /** Checks that there is a reason. */
  public DeadLetter {
    Checks.notNegative("DeadLetter", "line", line);
    Checks.notBlank("DeadLetter", "reason", reason);
  }
}
