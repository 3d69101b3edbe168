package dev.cantilever.backend;

/**
 * Scalars of one AdamW step (Loshchilov and Hutter 2019).
 *
 * @param learningRate step size
 * @param beta1 decay of the first moment
 * @param beta2 decay of the second moment
 * @param eps added to the root of the second moment
 * @param weightDecay decoupled decay; 0 is plain Adam
 * @param step number of this step, counted from 1
 */
public record AdamWStep(
    double learningRate, double beta1, double beta2, double eps, double weightDecay, int step) {}
