/**
 * What a tensor is: an element type, a shape and an address. Data only, no arithmetic.
 *
 * <p>Enter by {@link dev.cantilever.tensor.DType} and {@link dev.cantilever.tensor.Shape}. Every
 * room above may use this one; it knows only {@code memory}.
 *
 * <p>Invariant: shapes are checked once, when made; sizes are {@code long} bytes.
 */
@NullMarked
package dev.cantilever.tensor;

import org.jspecify.annotations.NullMarked;
