/**
 * What people read while a command runs: lines, tables and progress.
 *
 * <p>Enter by {@link dev.cantilever.console.Console}. On a terminal progress is a bar with rate and
 * time left; to a file or a pipe it is a plain line now and then. Stages take a Console or a {@link
 * dev.cantilever.console.Progress} and know of nothing else of the surface; only the command line
 * makes one. Invariant: nothing here writes to the stream on which a command's JSON object goes,
 * once that was asked for. Not here: log lines of libraries, which go through slf4j, and the JSON
 * object.
 */
@NullMarked
package dev.cantilever.console;

import org.jspecify.annotations.NullMarked;
