package dev.cantilever.run;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.recipe.ByteSize;
import dev.cantilever.tensor.Int8Mode;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The section {@code run}: what is run on what, the settings that no single stage owns. The common
 * options of the command line set these keys.
 *
 * @param model directory of the base model in HF layout; absent: what the command embeds
 * @param adapter directory of an adapter in PEFT layout; absent: none
 * @param backend where numbers are computed
 * @param budget hard ceiling of device memory; absent: what the device has
 * @param int8Mode how products with int8 weights are executed
 * @param seed seed of everything random in the run
 */
public record RunSpec(
    Optional<Path> model,
    Optional<Path> adapter,
    BackendKind backend,
    Optional<ByteSize> budget,
    Int8Mode int8Mode,
    long seed) {

  /** The embedded model on the CPU, weight-only, seed 0. */
  public static RunSpec defaults() {
    return new RunSpec(
        Optional.empty(),
        Optional.empty(),
        BackendKind.CPU,
        Optional.empty(),
        Int8Mode.WEIGHT_ONLY,
        0);
  }
}
