package dev.cantilever.generate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.DoubleNode;
import dev.cantilever.recipe.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a model's {@code generation_config.json} says of sampling. Its stop, padding and first
 * tokens are the tokenizer's business.
 *
 * @param defaults values of the section {@code generation} by key, for where the recipe is silent
 * @param ignored what would change what is sampled and is not done here, each as {@code key value}
 */
public record ModelGenerationConfig(Map<String, JsonNode> defaults, List<String> ignored) {

  /** The file's name, which is also the source of its values in a recipe. */
  public static final String FILE = "generation_config.json";

  private static final JsonMapper JSON = new JsonMapper();
  private static final String TEMPERATURE = "temperature";
  private static final List<String> TAKEN =
      List.of("max_new_tokens", TEMPERATURE, "top_k", "top_p");

  /* Say nothing of what is drawn: tokens by name, bookkeeping, how to compute. */
  private static final Set<String> HARMLESS =
      Set.of(
          "do_sample",
          "bos_token_id",
          "eos_token_id",
          "pad_token_id",
          "decoder_start_token_id",
          "transformers_version",
          "max_length",
          "use_cache",
          "cache_implementation",
          "return_dict_in_generate",
          "return_legacy_cache",
          "output_attentions",
          "output_hidden_states",
          "output_scores",
          "output_logits",
          "remove_invalid_values",
          "early_stopping",
          "trust_remote_code");

  /* Values with which a key changes nothing. */
  private static final Map<String, Double> NEUTRAL =
      Map.ofEntries(
          Map.entry("repetition_penalty", 1.0),
          Map.entry("encoder_repetition_penalty", 1.0),
          Map.entry("length_penalty", 1.0),
          Map.entry("typical_p", 1.0),
          Map.entry("diversity_penalty", 0.0),
          Map.entry("num_beams", 1.0),
          Map.entry("num_beam_groups", 1.0),
          Map.entry("num_return_sequences", 1.0),
          Map.entry("no_repeat_ngram_size", 0.0),
          Map.entry("encoder_no_repeat_ngram_size", 0.0),
          Map.entry("min_length", 0.0),
          Map.entry("min_new_tokens", 0.0),
          Map.entry("epsilon_cutoff", 0.0),
          Map.entry("eta_cutoff", 0.0),
          Map.entry("min_p", 0.0),
          Map.entry("penalty_alpha", 0.0),
          Map.entry("guidance_scale", 1.0));

  /** Copies the parts. */
  public ModelGenerationConfig {
    defaults = Map.copyOf(defaults);
    ignored = List.copyOf(ignored);
  }

  /**
   * Reads the file of a model directory; says nothing where there is none.
   *
   * @throws UsageException if the file is no JSON object, or a value is not a number
   * @throws IOException if reading fails
   */
  public static ModelGenerationConfig read(Path model) throws IOException {
    Path file = model.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return new ModelGenerationConfig(Map.of(), List.of());
    }
    JsonNode config = parsed(file);
    Map<String, JsonNode> defaults = new LinkedHashMap<>();
    for (String key : TAKEN) {
      JsonNode value = config.path(key);
      if (value.isNumber()) {
        defaults.put(key, value);
      } else if (!value.isMissingNode() && !value.isNull()) {
        throw new UsageException(
            file + ": expected a number in " + key + ", found " + value + "; correct the file");
      }
    }
    JsonNode sampled = config.path("do_sample");
    if (sampled.isBoolean() && !sampled.booleanValue()) {
      defaults.put(TEMPERATURE, DoubleNode.valueOf(0));
    }
    List<String> ignored = new ArrayList<>();
    config
        .properties()
        .forEach(
            entry -> {
              if (changesSampling(entry.getKey(), entry.getValue())) {
                ignored.add(entry.getKey() + " " + entry.getValue());
              }
            });
    return new ModelGenerationConfig(defaults, ignored);
  }

  private static boolean changesSampling(String key, JsonNode value) {
    boolean none = value.isNull() || value.isBoolean() && !value.booleanValue();
    Double neutral = NEUTRAL.get(key);
    return !key.startsWith("_")
        && !TAKEN.contains(key)
        && !HARMLESS.contains(key)
        && !none
        && !(neutral != null && value.isNumber() && value.doubleValue() == neutral);
  }

  private static JsonNode parsed(Path file) throws IOException {
    String remedy = "; fetch the file again";
    try {
      JsonNode config = JSON.readTree(Files.readAllBytes(file));
      if (config.isObject()) {
        return config;
      }
      throw new UsageException(file + ": expected a JSON object, found other JSON" + remedy);
    } catch (JsonProcessingException e) {
      throw new UsageException(
          file + ": expected a JSON object, found an error: " + e.getOriginalMessage() + remedy, e);
    }
  }
}
