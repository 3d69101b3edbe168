/**
 * The operations on an NVIDIA GPU: a launcher a family, and beside it, as resources, its kernels.
 *
 * <p>Enter by {@link dev.cantilever.backend.cuda.CudaBackend}. Each {@code Cuda…Ops} checks shapes
 * by {@link dev.cantilever.backend.OpChecks} and launches kernels of the {@code .cu} files that its
 * {@code sources()} name; {@code prelude.cuh} holds what all of them include, another {@code .cuh}
 * what a few do. {@code KernelCatalog} lists every source, so that all are compiled for every
 * architecture where there is no GPU.
 *
 * <p>Invariants: one stream, so operations run in the order they are called, but for the two groups
 * of a {@link dev.cantilever.backend.Fork} in a recording, which share neither scratch nor counters
 * ({@code Branches}); nothing allocates or waits inside an operation, so that it can be captured as
 * part of a graph ({@code CudaRecording}); the order of every sum follows from the weight, the
 * direction and the architecture; no kernel spills registers, and none asks for more than 99 KiB of
 * shared memory but those that run on Hopper alone ({@code WarpgroupProduct}). Only products of
 * that class and of {@code WarpgroupPair}, kernels of {@code LowRankProduct} and attention of few
 * new tokens ({@code CachedAttention}) are launched early, that is before the kernel in front is
 * done; those between them that run beside a product's end wait for counters ({@code Relay}). What
 * a kernel finds wrong with values is thrown when the host next waits ({@code Faults}). A process
 * that has a card open has it to itself ({@code DeviceLock}).
 *
 * <p>Only the factory {@code dev.cantilever.backend.Backends} and tests may use this package.
 */
@NullMarked
package dev.cantilever.backend.cuda;

import org.jspecify.annotations.NullMarked;
