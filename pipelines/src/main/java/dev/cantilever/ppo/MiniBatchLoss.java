package dev.cantilever.ppo;

/**
 * The clipped losses of one mini-batch, their gradients and statistics (Schulman et al. 2017,
 * equation 7; trl 0.11.4 {@code loss}).
 *
 * <p>With ρ = exp(lp_new - lp_old), A the advantage, R the return, v the new and V the old value, N
 * the tokens of the mini-batch, and Vc = clamp(v, V ± cliprange_value):
 *
 * <pre>
 * L_p = 1/N Σ max(-A·ρ, -A·clamp(ρ, 1-ε, 1+ε))
 * L_v = 1/N Σ ½ max((v-R)², (Vc-R)²)
 * L   = L_p + vf_coef·L_v
 * </pre>
 *
 * <p>One object lives for one mini-batch. Its rows are added in one go or in micro-batches; because
 * N is given up front and every sum runs token by token in the order of the rows, the split changes
 * neither a gradient nor a statistic, not by a bit. The verdict falls in {@link #finish()}: where a
 * step is skipped the gradients already handed out are to be dropped.
 */
public final class MiniBatchLoss {
  private final LossSpec spec;
  private final long tokens;

  private long seen;
  private double policyLoss;
  private double valueLoss;
  private double entropy;
  private double approxKl;
  private double policyKl;
  private long policyClipped;
  private double ratio;
  private double advantages;
  private double prediction;
  private double valueError;
  private long valueClipped;
  private final StreamingMoments oldValues = new StreamingMoments();
  private final StreamingMoments returns = new StreamingMoments();

  /**
   * @param tokens response tokens of the whole mini-batch, all micro-batches together
   */
  public MiniBatchLoss(LossSpec spec, long tokens) {
    if (tokens < 1) {
      throw new PpoException(
          "mini-batch: expected at least one response token, found "
              + tokens
              + "; sum the tokens of its rows");
    }
    this.spec = spec;
    this.tokens = tokens;
  }

  /**
   * Adds rows and returns the gradients of the total loss at their tokens, divided by the whole
   * mini-batch's token count.
   *
   * @param rows what the update holds fixed
   * @param logprobs new log-probabilities of the sampled tokens
   * @param values new value predictions
   * @param entropies of the new next-token distributions, in nats; only logged
   * @throws PpoException if they do not cover the same tokens, or rows beyond the announced tokens
   *     are added
   */
  public TokenGradients add(
      UpdateRows rows, TokenRows logprobs, TokenRows values, TokenRows entropies) {
    rows.logprobs().requireSameRows(logprobs);
    rows.logprobs().requireSameRows(values);
    rows.logprobs().requireSameRows(entropies);
    if (seen + rows.tokens() > tokens) {
      throw new PpoException(
          "mini-batch: expected "
              + tokens
              + " tokens in all, found "
              + (seen + rows.tokens())
              + "; announce the tokens of all its micro-batches");
    }
    seen += rows.tokens();
    double[] logprobGradients = new double[rows.tokens()];
    double[] valueGradients = new double[rows.tokens()];
    for (int i = 0; i < rows.tokens(); i++) {
      double advantage = rows.advantages().at(i);
      double logRatio = logprobs.at(i) - rows.logprobs().at(i);
      logprobGradients[i] = addPolicy(advantage, logRatio) / tokens;
      double valueGradient = addValue(values.at(i), rows.values().at(i), rows.returns().at(i));
      valueGradients[i] = spec.vfCoef() * valueGradient / tokens;
      entropy += entropies.at(i);
    }
    return new TokenGradients(
        logprobs.withValues("gradient of logprobs", logprobGradients),
        values.withValues("gradient of values", valueGradients));
  }

  /** One token's policy term; returns its derivative by the log-probability. */
  private double addPolicy(double advantage, double logRatio) {
    double tokenRatio = Math.exp(logRatio);
    ratio += tokenRatio;
    advantages += advantage;
    approxKl += 0.5 * logRatio * logRatio;
    policyKl -= logRatio;
    if (Double.isInfinite(tokenRatio)) {
      // The mean ratio is then infinite too, the step is skipped and every gradient dropped; a
      // product with a zero advantage would be NaN.
      return 0;
    }
    double unclipped = -advantage * tokenRatio;
    double clipped = -advantage * clamp(tokenRatio, 1 - spec.cliprange(), 1 + spec.cliprange());
    if (clipped > unclipped) {
      policyClipped++;
      policyLoss += clipped;
      return 0;
    }
    policyLoss += unclipped;
    return unclipped;
  }

  /** One token's value term, without its coefficient; returns its derivative by the new value. */
  private double addValue(double value, double oldValue, double target) {
    double clippedValue =
        clamp(value, oldValue - spec.cliprangeValue(), oldValue + spec.cliprangeValue());
    double unclipped = (value - target) * (value - target);
    double clipped = (clippedValue - target) * (clippedValue - target);
    prediction += value;
    valueError += unclipped;
    oldValues.add(oldValue);
    returns.add(target);
    if (clipped > unclipped) {
      valueClipped++;
      valueLoss += 0.5 * clipped;
      return 0;
    }
    valueLoss += 0.5 * unclipped;
    return value - target;
  }

  /**
   * The statistics, and whether the optimiser may step.
   *
   * @throws PpoException if fewer tokens were added than announced
   */
  public MiniBatchStatistics finish() {
    if (seen != tokens) {
      throw new PpoException(
          "mini-batch: expected "
              + tokens
              + " tokens in all, found "
              + seen
              + "; add every micro-batch before finishing");
    }
    boolean skipped = ratio / tokens > spec.ratioThreshold();
    double policy = skipped ? 0 : policyLoss / tokens;
    double value = skipped ? 0 : valueLoss / tokens;
    return new MiniBatchStatistics(
        new PolicyStatistics(
            policy,
            entropy / tokens,
            approxKl / tokens,
            policyKl / tokens,
            (double) policyClipped / tokens,
            advantages / tokens,
            ratio / tokens),
        new ValueStatistics(
            value,
            prediction / tokens,
            valueError / tokens,
            (double) valueClipped / tokens,
            oldValues.mean(),
            oldValues.variance(),
            returns.mean(),
            returns.variance()),
        policy + spec.vfCoef() * value,
        skipped);
  }

  private static double clamp(double value, double low, double high) {
    return Math.max(low, Math.min(high, value));
  }
}
