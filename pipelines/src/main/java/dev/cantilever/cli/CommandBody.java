package dev.cantilever.cli;

/** The work of a command. */
@FunctionalInterface
interface CommandBody {

  /**
   * Does the work.
   *
   * @param context the effective recipe, the console, where to write, Beam's options
   * @throws Exception any failure; {@link Failure} says what the user sees of it
   */
  CommandResult run(CommandContext context) throws Exception;
}
