package dev.cantilever.tensor;

import java.util.Optional;

/**
 * The frozen weight of a linear layer, [O, I], applied as y = x·Wᵀ + b. There is no gradient with
 * respect to it, ever.
 */
public sealed interface Weight permits DenseWeight, Int8Weight {

  /** O, the number of outputs. */
  int outFeatures();

  /** I, the number of inputs. */
  int inFeatures();

  /** The bias [O], or nothing. */
  Optional<Tensor> bias();

  /**
   * Unpacked copy for the backend's product, if the plan granted one; what it holds is the
   * backend's business and changes no result.
   */
  Optional<Tensor> panel();

  /** The same weight with a panel attached. */
  Weight withPanel(Tensor panel);

  /** The same weight, sharing memory, that adds no bias. */
  Weight withoutBias();
}
