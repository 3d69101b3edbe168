/**
 * Optimisation of trainable parameters.
 *
 * <p>Enter by {@link dev.cantilever.optim.AdamW}: one step over groups of parameters, with its
 * moments in an arena of its own and on disk as safetensors. {@link
 * dev.cantilever.optim.GradientNorm} clips; {@link dev.cantilever.optim.LearningRateSchedule} is
 * the factor on the learning rate at each step.
 *
 * <p>Invariant: the state after a step is a function of parameters, gradients, moments and the step
 * number; saving and loading loses no bit. This package uses {@code autograd} and what lies below,
 * and {@code hub} for files.
 */
@NullMarked
package dev.cantilever.optim;

import org.jspecify.annotations.NullMarked;
