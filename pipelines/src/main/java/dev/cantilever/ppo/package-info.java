/**
 * The PPO algorithm for language models on plain Java arrays in double precision.
 *
 * <p>What a step does, in the order of its types: {@link dev.cantilever.ppo.ScoreShaper} turns raw
 * scores into shaped ones, {@link dev.cantilever.ppo.RewardShaper} spreads them over tokens with
 * the KL penalty, {@link dev.cantilever.ppo.AdvantageEstimator} makes advantages and returns,
 * {@link dev.cantilever.ppo.MiniBatches} orders the rows of an epoch, {@link
 * dev.cantilever.ppo.MiniBatchLoss} gives losses, the gradients that go back into the model, and
 * whether the optimiser may step, {@link dev.cantilever.ppo.PpoStatistics} collects trl's
 * statistics, and {@link dev.cantilever.ppo.KlController} moves the KL coefficient. {@link
 * dev.cantilever.ppo.FirstMiniBatchCheck} holds the identities that must be exact.
 *
 * <p>Enter by {@link dev.cantilever.ppo.PpoSpec} (the settings) and {@link
 * dev.cantilever.ppo.TokenRows} (the data: one number per response token, rows packed one after
 * another, never padded). Position t of a row holds the log-probability of response token t and the
 * value of the state before that token was emitted.
 *
 * <p>The behaviour matched is trl 0.11.4's classic PPOTrainer, except where its known faults are
 * repaired: rows have lengths instead of padding, a ratio above the threshold skips the optimiser
 * step instead of multiplying losses by zero, normalisers come from the whole mini-batch, gradients
 * are clipped by default, and a lone token neither divides by zero nor raises.
 *
 * <p>Invariant: every function here is pure and single-threaded. The same input gives the same
 * bits, whatever the machine or the number of workers, and no {@code TokenRows} holds a NaN.
 *
 * <p>A spec is a section of the recipe, so its components are what recipes take and a setting that
 * may be absent is an {@code Optional}; specs travel in Beam's functions too, so those two put a
 * number in its place when they are serialized.
 *
 * <p>Used by the update stage and by {@code parity}. Deliberately not here: Beam, tensors, models,
 * files. Log-probabilities, entropies and values come from outside; the device computes them.
 */
@NullMarked
package dev.cantilever.ppo;

import org.jspecify.annotations.NullMarked;
