/**
 * What a PPO step takes on a device, measured on synthetic queries and, where there is no
 * checkpoint, synthetic weights.
 *
 * <p>Enter by {@link dev.cantilever.bench.StepBenchmark}: {@link dev.cantilever.bench.BenchOptions}
 * in, a {@link dev.cantilever.bench.BenchReport} out, with the memory plan that was made before
 * beside what was measured, and the floors that the measured ceilings of the device set. The phases
 * are those of {@code dev.cantilever.rehearsal}; {@code PpoObjective} brings this project's PPO to
 * them, with the identities that must hold to the bit.
 *
 * <p>Invariant: plain Java, without Beam, Arrow or Parquet, so that it runs from a class path that
 * has none of them. Not here: options as users type them and the JSON, which are the command
 * line's.
 */
@NullMarked
package dev.cantilever.bench;

import org.jspecify.annotations.NullMarked;
