/**
 * The command line: from what the user types to a command's work, and back to one exit code.
 *
 * <p>Enter by {@link dev.cantilever.cli.Cantilever}. {@code Commands} is the table of what exists.
 * A command is a {@code Command}: which settings it reads, which options it takes, an example, and
 * a {@code CommandBody} that is given a {@code CommandContext} and returns a {@code CommandResult}.
 * {@code Failure} is the only place where an exception becomes a message and an exit code. With
 * {@code --json} the last line of standard output is one JSON object, also when the command failed,
 * and everything for people goes to the error stream.
 *
 * <p>The top of the house: may import every room, and no room may import it. Invariant: only what
 * was asked for is loaded, so that {@code --help} is quick; a command's class, and Beam behind it,
 * is touched when that command is named. Not here: what commands compute, which is in their stages.
 */
@NullMarked
package dev.cantilever.cli;

import org.jspecify.annotations.NullMarked;
