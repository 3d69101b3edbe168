package dev.cantilever.optim;

import dev.cantilever.autograd.Parameter;
import java.util.List;

/**
 * Parameters that share a learning rate.
 *
 * @param parameters the parameters, in the order of their updates
 * @param learningRate before the schedule's factor
 */
public record ParameterGroup(List<Parameter> parameters, double learningRate) {

  /** Copies the list. */
  public ParameterGroup {
    parameters = List.copyOf(parameters);
  }
}
