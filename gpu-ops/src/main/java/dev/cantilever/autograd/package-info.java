/**
 * Reverse-mode differentiation: a short tape over the fused operations.
 *
 * <p>Enter by {@link dev.cantilever.autograd.Tape}. A {@link dev.cantilever.autograd.Node} is one
 * call of an operation with its backward beside its forward; a {@link dev.cantilever.autograd.Var}
 * is its output. The tape runs nodes as they come, block by block of the model, and plays them
 * backward in reverse. {@link dev.cantilever.autograd.Parameter} is a trainable tensor: the
 * matrices, lengths and biases of adapters, and the value head.
 *
 * <p>Memory: a {@link dev.cantilever.autograd.KeepPlan} says for each {@link
 * dev.cantilever.autograd.Slot} of a block whether its value stays until the backward pass or is
 * computed again from what stayed. Over a frozen base little has to stay: the block's input, QKV,
 * the attention output and the MLP's pre-activation are enough. Whatever the plan, results are the
 * same bits.
 *
 * <p>Invariant: what is not kept lives in one scratch arena that is reset at the end of every
 * block. There are no second derivatives, strided views or in-place operations. This package uses
 * {@code backend}, {@code tensor} and {@code memory}; read {@code dev.cantilever.nn} next.
 */
@NullMarked
package dev.cantilever.autograd;

import org.jspecify.annotations.NullMarked;
