/**
 * The recipe over one run directory: which stage is next, and what it is given.
 *
 * <p>Enter by {@link dev.cantilever.train.TrainingRun}, which has a method for each stage: prepare,
 * supervised fine-tuning, merge, evaluation, PPO. Each finds its inputs by the run's layout, skips
 * itself where its result is there, and translates sections of the recipe into what the stage's
 * room takes. The commands of these names call one method each; {@code demo} calls them all.
 *
 * <p>{@link dev.cantilever.train.PpoPlan} is the memory that a recipe's PPO takes of its device,
 * found before anything is loaded; {@code plan} prints it, and {@link
 * dev.cantilever.train.TrainingRun} runs PPO by it, on a device opened with what it says, or
 * refuses with {@link dev.cantilever.train.OverBudgetException}.
 *
 * <p>{@link dev.cantilever.train.RecipeSections} is the table of all sections a recipe may have.
 * {@link dev.cantilever.train.PpoPipeline} is PPO as a program of its own, for a cluster.
 *
 * <p>What PPO starts from follows from the files: the merged checkpoint if there is one; else the
 * base with the adapter of fine-tuning, or that of {@code --adapter}, frozen under the new one;
 * else the bare base.
 *
 * <p>Invariant: a stage here is a function of the recipe and of files; calling a method again does
 * nothing and says the same. Not here: what stages compute, and what users see.
 */
@NullMarked
package dev.cantilever.train;

import org.jspecify.annotations.NullMarked;
