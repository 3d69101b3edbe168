package dev.cantilever.cli;

/**
 * What a command that ran to its end has to say.
 *
 * @param json the object printed with {@code --json}
 * @param exitCode {@link ExitCode#DONE}, or {@link ExitCode#CHECK_FAILED} when what was checked
 *     does not hold; every other code comes from an exception, or from one that a command of
 *     several parts kept from ending it
 */
record CommandResult(JsonResult json, ExitCode exitCode) {

  static CommandResult done(JsonResult json) {
    return new CommandResult(json, ExitCode.DONE);
  }

  static CommandResult checkFailed(JsonResult json) {
    return new CommandResult(json, ExitCode.CHECK_FAILED);
  }
}
