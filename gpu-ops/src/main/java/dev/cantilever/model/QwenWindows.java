package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;
import java.util.List;

/**
 * The windows of Qwen2 and Qwen3: where {@code use_sliding_window} says so, of the layers from
 * {@code max_window_layers} on, or those of {@code layer_types}.
 */
final class QwenWindows {

  private static final int DEFAULT_WINDOW = 4096;
  private static final int DEFAULT_FULL_LAYERS = 28;

  private QwenWindows() {}

  static List<Integer> read(ModelConfig config) {
    int window =
        config.booleanOr("use_sliding_window", false)
            ? SlidingWindows.window(config, DEFAULT_WINDOW)
            : SlidingWindows.NONE;
    int fullLayers = config.intOr("max_window_layers", DEFAULT_FULL_LAYERS);
    return SlidingWindows.byType(config, window, layer -> layer >= fullLayers);
  }
}
