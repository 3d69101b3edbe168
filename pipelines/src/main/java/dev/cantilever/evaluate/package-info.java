/**
 * What a policy says to a fixed set of prompts, and what the judge thinks of it.
 *
 * <p>Enter by {@link dev.cantilever.evaluate.PolicyEvaluation}: a pipeline of the stages that PPO
 * uses, {@code GenerateRollouts}, {@code ScoreRollouts} and {@code CommitRollouts}, over the fixed
 * prompts; its rollouts are committed as step 0 and read back into an {@link
 * dev.cantilever.evaluate.Evaluation}. {@link dev.cantilever.evaluate.EvaluationSpec} is the
 * recipe's section {@code evaluation}.
 *
 * <p>Invariant: prompts and randomness depend on seed and documents alone, so two policies are
 * compared on the same draws. Not here: gates and decisions.
 */
@NullMarked
package dev.cantilever.evaluate;

import org.jspecify.annotations.NullMarked;
