package dev.cantilever.host;

import dev.cantilever.backend.BackendKind;
import dev.cantilever.run.RunSpec;
import dev.cantilever.tensor.Int8Mode;
import java.io.Serializable;

/**
 * The device that a run computes on, and how it executes its base model there.
 *
 * @param backend which device
 * @param budgetBytes hard ceiling of everything allocated on it
 * @param int8Mode how products with the base's int8 weights are executed, the same in rollout,
 *     reference and update
 */
public record DeviceSpec(BackendKind backend, long budgetBytes, Int8Mode int8Mode)
    implements Serializable {

  /** The device that a run names. */
  public static DeviceSpec of(RunSpec run) {
    return new DeviceSpec(run.backend(), run.deviceBudget().bytes(), run.int8Mode());
  }
}
