/**
 * Queries of a step, and the policy's responses to them.
 *
 * <p>Enter by {@link dev.cantilever.rollout.GenerateRollouts}, the transform from queries to
 * batches of rollouts; {@link dev.cantilever.rollout.StepQueries} says which queries a step asks,
 * {@link dev.cantilever.rollout.RolloutPolicy} whom, and {@link dev.cantilever.rollout.RolloutSpec}
 * is the recipe's section {@code rollout}.
 *
 * <p>The sampler assigns each query to a batch of its step, and a GroupByKey keeps rows of a batch
 * together, so that neither bundling nor the runner changes a result; within a batch rows are in
 * the order of their query ids. There is no top-k and no top-p here: a policy that is not sampled
 * from the law it is scored under drives the KL negative.
 *
 * <p>Invariant: a response is a function of policy, seed, step and query, whichever worker, batch
 * or thread made it (in int8 mode {@code weight-only}). The device is given back before a batch is
 * emitted. Not here: scores, files.
 */
@NullMarked
package dev.cantilever.rollout;

import org.jspecify.annotations.NullMarked;
