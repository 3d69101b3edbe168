/**
 * The PPO update of a step: from the files of one state and one step's rollouts to the files of the
 * next state.
 *
 * <p>Enter by {@link dev.cantilever.update.UpdatePolicy}, a transform from the path of a committed
 * manifest of rollouts to the path of the state that the update leaves. {@link
 * dev.cantilever.update.UpdateTask} says everything it depends on, {@link
 * dev.cantilever.update.PolicyState} is what one step hands to the next, and {@link
 * dev.cantilever.update.UpdateSpec} is the recipe's section {@code update}. Inside, {@code
 * UpdateFn} is the GPU-bound {@code DoFn}: it leases the device, {@code TrainablePolicy} holds the
 * adapter, the value head and the optimiser there, and {@code StepUpdate} runs the algorithm, whose
 * mathematics is in {@code dev.cantilever.ppo}. {@link dev.cantilever.update.StepTargets} and
 * {@link dev.cantilever.update.PolicyLoss} bring the two together, for benchmarks too, and know no
 * files.
 *
 * <p>Old log-probabilities come from the training forward, on the same device, so in the first
 * mini-batch of the first epoch the ratio is exactly 1, and the KL of a fresh adapter is exactly 0;
 * both are asserted in every run whose int8 mode is {@code weight-only}.
 *
 * <p>Invariant: a function of files. A bundle that runs again leaves the same bytes; what the
 * update derived is committed first, the state last and as a whole, and only a state makes a step
 * done. Not here: which step comes next.
 */
@NullMarked
package dev.cantilever.update;

import org.jspecify.annotations.NullMarked;
