package dev.cantilever.ppo;

/**
 * What a mini-batch says of the value head; means over its tokens.
 *
 * @param loss clipped value loss, without its coefficient; 0 if the step is skipped
 * @param prediction of the new value head
 * @param error squared error of the new prediction
 * @param clipFraction share of tokens whose clipped term is the larger
 * @param oldMean of the old predictions
 * @param oldVariance of the old predictions, Bessel-corrected
 * @param returnsMean of the returns
 * @param returnsVariance of the returns, Bessel-corrected
 */
public record ValueStatistics(
    double loss,
    double prediction,
    double error,
    double clipFraction,
    double oldMean,
    double oldVariance,
    double returnsMean,
    double returnsVariance) {}
