/**
 * The directory of a run: where everything lies, who may write it, and what run it belongs to.
 *
 * <p>Enter by {@link dev.cantilever.run.RunDirectory}, which takes the directory for this process
 * alone, makes sure that what lies in it was made by the same recipe, and keeps {@code run.json}.
 * {@link dev.cantilever.run.RunLayout} names every path and touches no file; readers of a finished
 * run need nothing else. {@link dev.cantilever.run.RunSpec} is the section {@code run} of a recipe,
 * the settings that no single stage owns.
 *
 * <p>Stages are given paths from the layout; only the command line and the loop open a directory.
 * Invariant: a file here is whole or absent ({@link dev.cantilever.run.WholeFile}), and two
 * processes never write the same run. Not here: what the files hold, which belongs to the stage
 * that writes them, and manifests, which belong to the schemas.
 */
@NullMarked
package dev.cantilever.run;

import org.jspecify.annotations.NullMarked;
