/**
 * A device of shapes and bytes only: the same models, the same arenas, no data.
 *
 * <p>Enter by {@link dev.cantilever.backend.meta.MetaBackend}, made of a {@link
 * dev.cantilever.backend.meta.DeviceProfile}: the numbers in which devices differ where memory is
 * concerned. Running a model on it checks every shape and leaves the memory peak of the device
 * planned for in its budget, chunk by chunk, before anything is loaded (after PyTorch's {@code
 * meta} device).
 *
 * <p>Invariant: nothing is read or written, neither at the addresses handed out, which no machine
 * can map, nor at host addresses or in host arrays given to transfers. An operation here is its
 * shape check of {@link dev.cantilever.backend.OpChecks} plus what the planned device demands of
 * weights. Hence a caller must not decide anything on downloaded values: they are what the array
 * held before.
 *
 * <p>Only the factory {@code dev.cantilever.backend.Backends} and tests may use this package. What
 * real devices compute, and the numbers of their profiles, live with them.
 */
@NullMarked
package dev.cantilever.backend.meta;

import org.jspecify.annotations.NullMarked;
