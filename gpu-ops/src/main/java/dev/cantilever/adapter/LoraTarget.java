package dev.cantilever.adapter;

import dev.cantilever.hub.LinearStorage;
import dev.cantilever.nn.Linear;

/**
 * A linear layer of the checkpoint as the model holds it: whole, or a range of the outputs of a
 * layer fused from several.
 *
 * @param path module path in the checkpoint, which adapters are matched against
 * @param linear the layer
 * @param column first output of the range
 * @param outFeatures width of the range
 * @param storage how the checkpoint keeps the module
 */
public record LoraTarget(
    String path, Linear linear, int column, int outFeatures, LinearStorage storage) {

  /** I. */
  public int inFeatures() {
    return linear.weight().inFeatures();
  }
}
