/**
 * PPO from the first step to the last: which files are there, and which pipeline to run next.
 *
 * <p>Enter by {@link dev.cantilever.loop.RlhfLoop}; {@link dev.cantilever.loop.LoopSpec} is the
 * recipe's section {@code loop}. One iteration is one pipeline, {@code Iteration}: queries, {@code
 * GenerateRollouts}, {@code ScoreRollouts}, {@code CommitRollouts}, {@code UpdatePolicy}. The loop
 * is outside the graph and builds the variant that the files ask for: everything, or, where the
 * step's rollouts are committed already, the update alone. {@code Checkpoints} knows the states
 * there are, {@code StepLog} writes {@code steps.parquet} and {@code metrics.jsonl}.
 *
 * <p>Invariant: the newest state directory says which step is done, and nothing else does; whatever
 * a killed run left half done is litter, removed before the next pipeline. So an interrupted run
 * ends with the same bytes as one that was not. Not here: what a step computes.
 */
@NullMarked
package dev.cantilever.loop;

import org.jspecify.annotations.NullMarked;
