package dev.cantilever.model;

import dev.cantilever.backend.Activation;
import java.util.List;
import java.util.Optional;

/**
 * The head of a sequence classifier or reward model.
 *
 * @param pooling which token is read
 * @param hidden activation of the dense layer before the output layer, if there is such a layer
 * @param bias whether the output layer has a bias
 * @param labels names of the outputs, in order
 */
public record ClassifierSpec(
    Pooling pooling, Optional<Activation> hidden, boolean bias, List<String> labels) {

  /** Copies the labels. */
  public ClassifierSpec {
    labels = List.copyOf(labels);
  }
}
