/**
 * What a run was asked to do: the effective values of every setting, and where each came from.
 *
 * <p>The settings of a stage are a spec record that lives with the stage. This room knows none of
 * them: it takes a record with its defaults, reads a YAML file and command-line settings over them,
 * and hands the record back, or one clear message about the first thing that does not belong.
 *
 * <p>Enter by {@link dev.cantilever.recipe.RecipeSchema}: register sections, then {@code load}. It
 * returns a {@link dev.cantilever.recipe.Recipe}: the records, the source of each value, a digest,
 * and the YAML text that a run leaves behind. Later sources win: defaults, what a model says of
 * itself ({@link dev.cantilever.recipe.Recipe#withDefaults}), the recipe file, {@code --set
 * section.key=value}, a named option.
 *
 * <p>A record component {@code initCoef} is the key {@code init_coef}. Components may be whole
 * numbers, numbers, booleans, text, paths, {@link dev.cantilever.recipe.ByteSize}, enums (written
 * in lower-case-kebab), nested records, lists of any of these, and {@code Optional} of them for a
 * setting that may be absent, which is written as {@code null}. Specs check their values in their
 * compact constructors and throw {@link java.lang.IllegalArgumentException} or their module's
 * exception.
 *
 * <p>Used by every stage that names its settings, by the run directory and by the command line.
 * Invariant: reading {@code recipe.yaml} back with the same sections gives equal records and the
 * same digest. Not here: Beam options, which are translated to specs by whoever parses them.
 */
@NullMarked
package dev.cantilever.recipe;

import org.jspecify.annotations.NullMarked;
