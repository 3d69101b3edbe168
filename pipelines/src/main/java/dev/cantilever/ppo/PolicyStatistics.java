package dev.cantilever.ppo;

/**
 * What a mini-batch says of the policy; means over its tokens.
 *
 * @param loss clipped policy loss; 0 if the step is skipped, as trl reports it
 * @param entropy of the new policy's next-token distribution, in nats
 * @param approxKl {@code ½(lp_new - lp_old)²}
 * @param policyKl {@code lp_old - lp_new}
 * @param clipFraction share of tokens whose clipped term is the larger
 * @param advantagesMean of the advantages used
 * @param ratioMean of {@code exp(lp_new - lp_old)}; may be infinite, and the step is then skipped
 */
public record PolicyStatistics(
    double loss,
    double entropy,
    double approxKl,
    double policyKl,
    double clipFraction,
    double advantagesMean,
    double ratioMean) {}
