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
 * @param budget hard ceiling of device memory; absent: half of the machine's, or what the GPU has
 *     free less a margin, see {@link DeviceBudget}
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

  /** The budget, as given or as the device has memory. */
  public DeviceBudget deviceBudget() {
    return budget.map(DeviceBudget::given).orElseGet(() -> DeviceBudget.otherwise(backend));
  }
}
