/**
 * Who may hold how much memory on a device, and for what.
 *
 * <p>Enter by {@link dev.cantilever.memory.MemoryBudget}: the hard ceiling of one device. It opens
 * {@link dev.cantilever.memory.Arena arenas}, named scopes with a {@link
 * dev.cantilever.memory.Purpose}; an arena takes chunks from a {@link
 * dev.cantilever.memory.MemorySource} and hands out addresses from them. Tensors live in arenas and
 * never own memory themselves. {@link dev.cantilever.memory.MemoryReport} is the table users see.
 *
 * <p>Invariant: every byte a backend can address was reserved in the budget first, and whoever
 * opened an arena closes it; nothing here waits for the garbage collector. After the last arena is
 * closed the budget reads zero.
 *
 * <p>{@link dev.cantilever.memory.DeviceHeap} is the source of devices whose memory is one
 * reservation: the same calls place chunks at the same offsets there and in a plan, so that the
 * high-water mark, holes included, is known beforehand.
 *
 * <p>{@link dev.cantilever.memory.HostMemory} is the one class that touches raw host addresses, and
 * {@link dev.cantilever.memory.NativeWindow} shows a range of them to file channels. Device
 * allocators live with their backend. Everything in {@code gpu-ops} may use this package; it uses
 * nothing of ours but {@link dev.cantilever.OpsException}. Read {@code dev.cantilever.tensor} next.
 */
@NullMarked
package dev.cantilever.memory;

import org.jspecify.annotations.NullMarked;
