package dev.cantilever.hub;

import java.util.List;

/**
 * Which layers' modules are meant: peft's {@code layers_to_transform} and {@code layers_pattern}.
 *
 * @param layers numbers of layers; empty for all
 * @param patterns regular expressions for the name of the list of layers, such as {@code h} or
 *     {@code layers}; empty for any name
 */
public record LayerSelection(List<Integer> layers, List<String> patterns) {

  /** Every layer. */
  public static final LayerSelection ALL = new LayerSelection(List.of(), List.of());

  public LayerSelection {
    layers = List.copyOf(layers);
    patterns = List.copyOf(patterns);
    if (layers.stream().anyMatch(layer -> layer < 0)) {
      throw new CheckpointException(
          "Expected 'layers_to_transform' to hold layers from 0 on, found %s. Correct it."
              .formatted(layers));
    }
    if (layers.isEmpty() && !patterns.isEmpty()) {
      throw new CheckpointException(
          "Expected 'layers_pattern' beside 'layers_to_transform', found %s alone. Name the layers."
              .formatted(patterns));
    }
    patterns.forEach(pattern -> ModulePattern.ofLayers("layers_pattern", pattern));
  }

  /** Whether a module's layer is one of them. */
  boolean matches(String modulePath) {
    if (layers.isEmpty()) {
      return true;
    }
    long layer = -1;
    if (patterns.isEmpty()) {
      layer = ModulePattern.ofAnyLayers().number(modulePath);
    }
    for (int i = 0; i < patterns.size() && layer < 0; i++) {
      layer = ModulePattern.ofLayers("layers_pattern", patterns.get(i)).number(modulePath);
    }
    long found = layer;
    return layers.stream().anyMatch(wanted -> wanted == found);
  }
}
