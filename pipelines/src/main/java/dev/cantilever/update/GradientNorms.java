package dev.cantilever.update;

import dev.cantilever.ppo.PpoException;

/** The gradient norms of a step's optimiser steps. */
final class GradientNorms {
  private double sum;
  private int steps;

  /**
   * Adds a norm.
   *
   * @throws PpoException if it is not a number
   */
  void add(double norm) {
    if (!Double.isFinite(norm)) {
      throw new PpoException(
          "update/grad_norm: expected a finite number, found "
              + norm
              + " at optimiser step "
              + (steps + 1)
              + " of this step; lower the learning rate, or look at the step's scores");
    }
    sum += norm;
    steps++;
  }

  /** Mean over the optimiser steps; 0 where none was taken. */
  double mean() {
    return steps == 0 ? 0 : sum / steps;
  }

  int steps() {
    return steps;
  }
}
