package dev.cantilever.text;

/** What becomes of white space; white space includes no-break spaces and control characters. */
public enum Whitespace {
  /** Left as it is. */
  KEEP,
  /**
   * Runs within a line become one space; line ends of any kind, with the blanks and empty lines
   * around them, become one newline; both ends are stripped.
   */
  COLLAPSE,
  /** Every run, line ends included, becomes one space; both ends are stripped. */
  SINGLE_LINE
}
