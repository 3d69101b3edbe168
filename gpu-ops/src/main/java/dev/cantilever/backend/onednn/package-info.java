/**
 * The CPU backend.
 *
 * <p>This room holds what computes on host memory: the matrix product ({@code MatrixProduct}) and
 * the pool of threads that all op families share ({@code Workers}). Everything works on raw
 * addresses of memory that the caller owns; nothing here allocates native memory.
 *
 * <p>The invariant is the reduction contract: the bits of a result row depend on that row's input,
 * the weight and the direction, never on the number of rows, their neighbours, the number of
 * threads or a timing. Each output element is one chain of fused multiply-adds in the order of the
 * inner dimension, so that the contract holds by construction and a scalar loop over {@link
 * Math#fma(float, float, float)} is its exact reference.
 *
 * <p>Only the factory of backends and tests may use this package. Shapes are checked by the op
 * families before they come here; model code and memory accounting live elsewhere.
 */
@NullMarked
package dev.cantilever.backend.onednn;

import org.jspecify.annotations.NullMarked;
