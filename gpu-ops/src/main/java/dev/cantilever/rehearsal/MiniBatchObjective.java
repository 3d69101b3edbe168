package dev.cantilever.rehearsal;

import dev.cantilever.model.TokenLoss;

/** The loss of one mini-batch, asked for gradients as its rows come through the model. */
public interface MiniBatchObjective extends TokenLoss {

  /** Whether the optimiser may step; asked when all rows have been seen. */
  boolean steps();
}
