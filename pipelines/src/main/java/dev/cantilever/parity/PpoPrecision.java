package dev.cantilever.parity;

/** In which precision what comes from the device is handed to the PPO mathematics. */
public enum PpoPrecision {
  /** As doubles: the formulas alone are compared. */
  FLOAT64(1e-9),
  /**
   * Rounded to floats, as a device gives logits, log-probabilities, entropies and values; the
   * mathematics stays in double.
   */
  FLOAT32(1e-5);

  private final double tolerance;

  PpoPrecision(double tolerance) {
    this.tolerance = tolerance;
  }

  /** The largest absolute error that passes; given with the fixture. */
  public double tolerance() {
    return tolerance;
  }

  double round(double value) {
    return this == FLOAT32 ? (float) value : value;
  }
}
