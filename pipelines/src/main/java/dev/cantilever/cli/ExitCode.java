package dev.cantilever.cli;

/** The exit codes of the program, as {@code --help} lists them. */
enum ExitCode {
  DONE(0, "done"),
  CHECK_FAILED(1, "a check failed, or the program itself did"),
  USAGE(2, "bad usage, recipe or input"),
  OVER_BUDGET(3, "does not fit the memory budget"),
  DEVICE(4, "device missing or failed"),
  INTERRUPTED(130, "interrupted");

  private final int number;
  private final String meaning;

  ExitCode(int number, String meaning) {
    this.number = number;
    this.meaning = meaning;
  }

  int number() {
    return number;
  }

  String meaning() {
    return meaning;
  }
}
