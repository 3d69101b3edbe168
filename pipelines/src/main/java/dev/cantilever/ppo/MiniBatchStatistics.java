package dev.cantilever.ppo;

/**
 * One mini-batch's verdict and numbers.
 *
 * @param policy of the policy
 * @param value of the value head
 * @param totalLoss policy loss plus the weighted value loss; 0 if the step is skipped
 * @param stepSkipped the mean ratio passed its threshold: drop the gradients and do not step
 */
public record MiniBatchStatistics(
    PolicyStatistics policy, ValueStatistics value, double totalLoss, boolean stepSkipped) {}
