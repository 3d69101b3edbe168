package dev.cantilever.model;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Within how many tokens, itself counted, a token of each layer attends, as configs say it. A
 * window no shorter than any row is none.
 */
final class SlidingWindows {

  /** No window. */
  static final int NONE = ScoreSpec.ALL_KEYS;

  private static final String WINDOW = "sliding_window";
  private static final String TYPES = "layer_types";
  private static final String LAYERS = "num_hidden_layers";

  private SlidingWindows() {}

  /**
   * The window of {@code sliding_window}; null says that there is none.
   *
   * @param otherwise of a config without the key
   * @throws CheckpointException if it has no room for a token
   */
  static int window(ModelConfig config, int otherwise) {
    boolean none = config.isNull(WINDOW);
    int window = none ? NONE : config.intOr(WINDOW, otherwise);
    if (window < 1) {
      throw new CheckpointException(
          "%s: expected '%s' to be null or at least 1, found %d. Correct the config."
              .formatted(config.file(), WINDOW, window));
    }
    return window;
  }

  /** The same window in every layer. */
  static List<Integer> everywhere(ModelConfig config, int window) {
    return Collections.nCopies(config.requireInt(LAYERS), window);
  }

  /**
   * The window in those layers that {@code layer_types} says to slide.
   *
   * @param otherwise the layers that slide where the config has no such list
   */
  static List<Integer> byType(ModelConfig config, int window, IntPredicate otherwise) {
    int layers = config.requireInt(LAYERS);
    List<Integer> windows = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      boolean slides = config.has(TYPES) ? slides(config, layers, layer) : otherwise.test(layer);
      windows.add(slides ? window : NONE);
    }
    return windows;
  }

  private static boolean slides(ModelConfig config, int layers, int layer) {
    JsonNode types = config.json().path(TYPES);
    String type = types.path(layer).asText();
    if (types.size() != layers
        || !(type.equals("sliding_attention") || type.equals("full_attention"))) {
      throw new CheckpointException(
          "%s: expected '%s' to be 'full_attention' or 'sliding_attention' for each of %d layers, found %s. Correct the config, or use a model of these kinds."
              .formatted(config.file(), TYPES, layers, types));
    }
    return type.equals("sliding_attention");
  }

  /**
   * The same without the windows that no row reaches beyond.
   *
   * @param longest tokens of a row at most
   */
  static List<Integer> within(List<Integer> windows, int longest) {
    return windows.stream().map(window -> window < longest ? window : NONE).toList();
  }
}
