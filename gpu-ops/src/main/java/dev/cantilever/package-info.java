/**
 * The root of {@code gpu-ops}: numbers, from device memory to models, free of Beam and Arrow.
 *
 * <p>Only {@link dev.cantilever.OpsException} lives here, the unchecked parent of every exception
 * the module throws of its own accord. Everything else has a room below: {@code memory}, {@code
 * tensor}, {@code backend}, {@code autograd}, {@code nn}, {@code hub}, {@code adapter}, {@code
 * model}, {@code optim}.
 */
@NullMarked
package dev.cantilever;

import org.jspecify.annotations.NullMarked;
