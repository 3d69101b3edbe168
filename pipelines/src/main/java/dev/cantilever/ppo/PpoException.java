package dev.cantilever.ppo;

/**
 * The unchecked exception of the PPO mathematics: a setting that cannot be, data that do not fit
 * together, or a number that is not one. The message says what was expected, what was found, and
 * what to do.
 */
public final class PpoException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /**
   * @param message expected, found, what to do
   */
  public PpoException(String message) {
    super(message);
  }

  static void requirePositive(String key, double value) {
    if (!(value > 0) || Double.isInfinite(value)) {
      throw new PpoException(
          key + ": expected a finite number above 0, found " + value + "; correct the recipe");
    }
  }

  static void requireNotNegative(String key, double value) {
    if (!(value >= 0) || Double.isInfinite(value)) {
      throw new PpoException(
          key + ": expected a finite number, 0 or more, found " + value + "; correct the recipe");
    }
  }

  static void requireUnitInterval(String key, double value) {
    if (!(value >= 0 && value <= 1)) {
      throw new PpoException(
          key + ": expected a number from 0 to 1, found " + value + "; correct the recipe");
    }
  }
}
