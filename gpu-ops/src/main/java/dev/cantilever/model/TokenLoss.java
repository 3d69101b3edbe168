package dev.cantilever.model;

/** A loss over response tokens, seen from the model: scores in, gradients out. */
@FunctionalInterface
public interface TokenLoss {

  /**
   * The loss's gradient on a run of rows.
   *
   * @param firstRow index of the run's first row among the rows being trained on
   * @param scores the model's present scores of the run
   */
  TokenGradients gradients(int firstRow, TokenScores scores);
}
