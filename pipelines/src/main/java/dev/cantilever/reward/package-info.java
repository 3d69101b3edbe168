/**
 * Scores of whole responses by a classifier or reward model.
 *
 * <p>Enter by {@link dev.cantilever.reward.ScoreRollouts}, from batches of rollouts to the same
 * batches with scores; {@link dev.cantilever.reward.RewardSpec} is the recipe's section {@code
 * reward}. What is scored is the query's text followed by the response's, special tokens left out,
 * cut to what the classifier can take. A score is a raw logit: that of the chosen label first, then
 * those of all other labels in their order, so that a probability can be had from a row later.
 *
 * <p>Invariant: a row's scores depend on its text alone, never on its batch. The device is given
 * back before a batch is emitted. Not here: scaling and clipping of scores, which PPO does.
 */
@NullMarked
package dev.cantilever.reward;

import org.jspecify.annotations.NullMarked;
