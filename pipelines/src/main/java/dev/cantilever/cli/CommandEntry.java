package dev.cantilever.cli;

import java.util.function.Supplier;

/**
 * A row of the table of commands.
 *
 * @param name what users type
 * @param summary one line for the list in {@code --help}
 * @param command makes the command, when it was named; write it as a lambda, {@code () ->
 *     SftCommand.command()}, which loads the class only then
 */
record CommandEntry(String name, String summary, Supplier<Command> command) {}
