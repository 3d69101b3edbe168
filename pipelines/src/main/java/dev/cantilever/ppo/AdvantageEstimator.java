package dev.cantilever.ppo;

/**
 * Generalised advantage estimation (Schulman et al. 2016, equation 16; trl compute_advantages).
 *
 * <p>From the last token backwards, {@code δ_t = r_t + γ·V_{t+1} - V_t} with V zero beyond the end,
 * {@code A_t = δ_t + γλ·A_{t+1}}, {@code returns = A + V}; then A is whitened over all tokens of
 * the whole batch.
 */
public final class AdvantageEstimator {
  private static final double WHITENING_EPSILON = 1e-8;

  private AdvantageEstimator() {}

  /**
   * Advantages and returns of a batch. A row's returns depend on other rows only through reward
   * whitening's mean and variance, never on how long other rows are.
   *
   * @param rewards r_t
   * @param values V_t, of the state before token t
   * @throws PpoException if the two do not cover the same tokens
   */
  public static Advantages estimate(AdvantageSpec spec, TokenRows rewards, TokenRows values) {
    return estimatePadded(spec, rewards, values, new int[rewards.rows()]);
  }

  /**
   * What trl computes when rows are padded at the end, to compare with it.
   *
   * <p>Differs from {@link #estimate} only if rewards are whitened: trl shifts and scales the
   * padding's zero rewards too, so each padded position after a response carries {@code mean(1 -
   * 1/std)}, which flows back into the response and makes it depend on the longest row of the
   * batch.
   *
   * @param padding positions that follow each row's last token, [rows]
   */
  public static Advantages estimatePadded(
      AdvantageSpec spec, TokenRows rewards, TokenRows values, int[] padding) {
    rewards.requireSameRows(values);
    if (padding.length != rewards.rows()) {
      throw new PpoException(
          "padding: expected one count per row of "
              + rewards
              + ", found "
              + padding.length
              + "; pass 0 for rows without padding");
    }
    TokenRows usedRewards = spec.whitenRewards() ? whiten(rewards, true) : rewards;
    double paddingReward = spec.whitenRewards() ? whitenedZero(rewards) : 0;
    TokenRows raw = unwhitened(spec, usedRewards, values, paddingReward, padding);
    return new Advantages(whiten(raw, false), raw.zip("returns", values, Double::sum));
  }

  /** A_t before whitening. */
  static TokenRows unwhitened(
      AdvantageSpec spec,
      TokenRows rewards,
      TokenRows values,
      double paddingReward,
      int[] padding) {
    double decay = spec.gamma() * spec.lam();
    double[] advantages = new double[rewards.tokens()];
    for (int row = 0; row < rewards.rows(); row++) {
      double next = 0;
      for (int i = 0; i < padding[row]; i++) {
        next = paddingReward + decay * next;
      }
      double nextValue = 0;
      for (int i = rewards.start(row + 1) - 1; i >= rewards.start(row); i--) {
        double delta = rewards.at(i) + spec.gamma() * nextValue - values.at(i);
        next = delta + decay * next;
        advantages[i] = next;
        nextValue = values.at(i);
      }
    }
    return rewards.withValues("advantages", advantages);
  }

  /**
   * {@code (x - mean)/√(var + 1e-8)} over all tokens, plus the mean if it is kept; the variance is
   * Bessel-corrected. A lone token has no spread to divide by and stays as it is.
   */
  static TokenRows whiten(TokenRows rows, boolean keepMean) {
    if (rows.tokens() == 1) {
      return rows;
    }
    double mean = rows.mean();
    double scale = 1 / Math.sqrt(rows.variance() + WHITENING_EPSILON);
    double shift = keepMean ? mean : 0;
    return rows.map(rows.name(), x -> (x - mean) * scale + shift);
  }

  /** What whitening with the mean kept makes of a zero that is not among the rows. */
  private static double whitenedZero(TokenRows rows) {
    double mean = rows.mean();
    return rows.tokens() == 1 ? 0 : mean - mean / Math.sqrt(rows.variance() + WHITENING_EPSILON);
  }
}
