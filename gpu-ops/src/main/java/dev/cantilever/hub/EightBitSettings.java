package dev.cantilever.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * {@code quantization_config} of a checkpoint that bitsandbytes has quantised to 8-bit rows, as
 * transformers saves it: {@code X.weight} I8 [out, in] whatever the layer's class, {@code X.SCB}
 * F32 [out], the largest magnitude of each row, and {@code X.weight_format} U8, 0 for rows.
 *
 * @param threshold {@code llm_int8_threshold}: activations from this magnitude on stay in 16 bit
 * @param skipped {@code llm_int8_skip_modules}: modules that are not quantised, by name or by the
 *     last parts or first parts of their path
 */
public record EightBitSettings(double threshold, List<String> skipped) {

  static final String KEY = "quantization_config";

  private static final String METHOD = "bitsandbytes";
  private static final double DEFAULT_THRESHOLD = 6;

  /** Copies the list. */
  public EightBitSettings {
    skipped = List.copyOf(skipped);
  }

  /**
   * The settings of a model.
   *
   * @return nothing if it is not quantised
   * @throws CheckpointException if it is quantised in another way, naming the key
   */
  public static Optional<EightBitSettings> of(ModelConfig config) {
    if (!config.has(KEY)) {
      return Optional.empty();
    }
    String method = config.stringOr(KEY + ".quant_method", METHOD);
    boolean eightBit = config.booleanOr(KEY + ".load_in_8bit", false);
    if (!method.equals(METHOD) || !eightBit || config.booleanOr(KEY + ".load_in_4bit", false)) {
      config.requireInactive(KEY, "weights quantised by another tool than bitsandbytes to 8 bit");
      return Optional.empty();
    }
    if (config.booleanOr(KEY + ".llm_int8_has_fp16_weight", false)) {
      throw config.wrong(KEY + ".llm_int8_has_fp16_weight", "false", config.require(KEY));
    }
    double threshold = config.doubleOr(KEY + ".llm_int8_threshold", DEFAULT_THRESHOLD);
    return Optional.of(new EightBitSettings(threshold, skipped(config)));
  }

  private static List<String> skipped(ModelConfig config) {
    String key = KEY + ".llm_int8_skip_modules";
    List<String> modules = new ArrayList<>();
    if (config.has(key)) {
      JsonNode list = config.require(key);
      for (JsonNode module : list) {
        if (!module.isTextual()) {
          throw config.wrong(key, "a list of names", list);
        }
        modules.add(module.textValue());
      }
      if (!list.isArray()) {
        throw config.wrong(key, "a list of names", list);
      }
    }
    return modules;
  }

  /** Whether a module is kept as it was, as transformers decides by its path. */
  public boolean skips(String module) {
    return skipped.stream().anyMatch(name -> ModulePath.contains(module, name));
  }
}
