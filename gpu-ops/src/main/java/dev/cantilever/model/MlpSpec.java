package dev.cantilever.model;

import dev.cantilever.backend.Activation;

/**
 * The MLP of a block.
 *
 * @param innerSize F
 * @param activation between the projections
 * @param gated whether the activation of a second projection in gates the first
 * @param bias whether its projections have biases
 */
public record MlpSpec(int innerSize, Activation activation, boolean gated, boolean bias) {

  /** One projection in. */
  static MlpSpec plain(int innerSize, Activation activation, boolean bias) {
    return new MlpSpec(innerSize, activation, false, bias);
  }

  /** Two, of which one is the gate. */
  static MlpSpec gated(int innerSize, Activation activation, boolean bias) {
    return new MlpSpec(innerSize, activation, true, bias);
  }

  /** Outputs of the projection in: F, or 2F with a gate. */
  public int projectionSize() {
    return gated ? 2 * innerSize : innerSize;
  }
}
