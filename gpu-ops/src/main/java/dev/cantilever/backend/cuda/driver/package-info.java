/**
 * The CUDA driver and compiler from Java, knowing nothing of operations.
 *
 * <p>Enter by {@link dev.cantilever.backend.cuda.driver.CudaDevice}, a card with its context and
 * the stream that work goes through, and {@link dev.cantilever.backend.cuda.driver.KernelLibrary},
 * which turns a {@link dev.cantilever.backend.cuda.driver.KernelSource} into {@link
 * dev.cantilever.backend.cuda.driver.Kernel kernels} that can be launched: compiled by {@link
 * dev.cantilever.backend.cuda.driver.KernelCompiler} (NVRTC) for the card's own architecture, kept
 * by {@link dev.cantilever.backend.cuda.driver.CubinCache}.
 *
 * <p>What a machine lacks is told by {@code CudaInstallation}, what a driver or a card must be by
 * {@code Requirements}.
 *
 * <p>Invariant: every status is checked where the call is made. The driver API is reached through
 * the Bytedeco presets; NVRTC through JNA, because the presets' classes cannot load without a
 * driver and kernels are compiled on machines that have none.
 */
@NullMarked
package dev.cantilever.backend.cuda.driver;

import org.jspecify.annotations.NullMarked;
