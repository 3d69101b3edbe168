package dev.cantilever.model;

/**
 * How token ids enter the residual stream.
 *
 * @param vocabSize V, rows of the table
 * @param maxPositions longest row the model was made for
 * @param learnedPositions whether a table of positions is added
 * @param norm whether the sum is normalised
 */
public record EmbeddingSpec(
    int vocabSize, int maxPositions, boolean learnedPositions, boolean norm) {}
