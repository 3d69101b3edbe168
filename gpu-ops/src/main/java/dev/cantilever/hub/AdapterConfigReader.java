package dev.cantilever.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link AdapterConfig} of an {@code adapter_config.json}, of peft 0.2 to 0.21. */
final class AdapterConfigReader {

  private static final Logger LOG = LoggerFactory.getLogger(AdapterConfigReader.class);

  /** Read into the record. */
  private static final Set<String> READ =
      Set.of(
          "peft_type",
          "r",
          "lora_alpha",
          "lora_dropout",
          "target_modules",
          "exclude_modules",
          "layers_to_transform",
          "layers_pattern",
          "rank_pattern",
          "alpha_pattern",
          "modules_to_save",
          "use_rslora",
          "use_dora",
          "bias",
          "init_lora_weights",
          "fan_in_fan_out",
          "task_type",
          "auto_mapping",
          "base_model_name_or_path");

  /**
   * Say nothing about what the adapter computes, whatever their value: {@code eva_config} only how
   * it was made, {@code loftq_config} and {@code runtime_config} nothing unless something else asks
   * for it.
   */
  private static final Set<String> IGNORED =
      Set.of(
          "eva_config",
          "inference_mode",
          "loftq_config",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision",
          "runtime_config");

  /** What the module of a class of transformers begins with. */
  private static final String TRANSFORMERS = "transformers.";

  private final Path file;
  private final ObjectNode json;

  AdapterConfigReader(Path file) throws IOException {
    this.file = file;
    this.json = JsonFile.read(file);
  }

  AdapterConfig read() {
    if (!json.path("peft_type").asText().equals("LORA")) {
      throw wrong("peft_type", "\"LORA\"", json.path("peft_type"));
    }
    List<String> ignored = new ArrayList<>();
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      if (!READ.contains(field.getKey())) {
        check(field.getKey(), field.getValue());
        ignored.add(field.getKey());
      }
    }
    LOG.debug("{}: ignored {}", file, ignored);
    try {
      return new AdapterConfig(
          ranks(),
          number("lora_dropout", 0),
          modules(),
          flag("use_dora"),
          bias(),
          init(),
          flag("fan_in_fan_out"),
          taskType(),
          text("base_model_name_or_path"));
    } catch (CheckpointException e) {
      String message = String.valueOf(e.getMessage());
      throw message.startsWith(file.toString())
          ? e
          : new CheckpointException(file + ": " + message, e);
    }
  }

  private void check(String key, JsonNode value) {
    if (!IGNORED.contains(key) && ModelConfig.isActive(value)) {
      throw new CheckpointException(
          "%s: expected a LoRA adapter that needs no more than is known here, found '%s' set to %s. It is not supported: train the adapter without it, or merge it into the base with peft."
              .formatted(file, key, value));
    }
  }

  private LoraRanks ranks() {
    JsonNode r = json.path("r");
    if (!r.isInt()) {
      throw wrong("r", "a whole number", r);
    }
    return new LoraRanks(
        r.intValue(),
        number("lora_alpha", 8),
        flag("use_rslora"),
        pattern("rank_pattern", this::wholeNumber),
        pattern("alpha_pattern", this::anyNumber));
  }

  private Integer wholeNumber(JsonNode node) {
    if (!node.isInt()) {
      throw wrong("rank_pattern", "whole numbers by module", node);
    }
    return node.intValue();
  }

  private Double anyNumber(JsonNode node) {
    if (!node.isNumber()) {
      throw wrong("alpha_pattern", "numbers by module", node);
    }
    return node.doubleValue();
  }

  private <T> Map<String, T> pattern(String key, Function<JsonNode, T> value) {
    JsonNode node = json.path(key);
    if (!absent(node) && !node.isObject()) {
      throw wrong(key, "an object", node);
    }
    Map<String, T> pattern = new LinkedHashMap<>();
    node.properties().forEach(field -> pattern.put(field.getKey(), value.apply(field.getValue())));
    return pattern;
  }

  private ModuleSelection modules() {
    JsonNode targets = json.path("target_modules");
    if (!ModelConfig.isActive(targets)) {
      throw wrong("target_modules", "a list of names or a regular expression", targets);
    }
    JsonNode excluded = json.path("exclude_modules");
    return new ModuleSelection(
        targetModules("target_modules", targets),
        ModelConfig.isActive(excluded)
            ? targetModules("exclude_modules", excluded)
            : new TargetModules.None(),
        new LayerSelection(layers(), names("layers_pattern")),
        names("modules_to_save"));
  }

  private TargetModules targetModules(String key, JsonNode node) {
    if (!node.isTextual()) {
      return new TargetModules.Names(names(key));
    }
    if (node.asText().equalsIgnoreCase(TargetModules.AllLinear.NAME)
        && key.equals("target_modules")) {
      return new TargetModules.AllLinear();
    }
    try {
      return new TargetModules.Regex(node.asText());
    } catch (CheckpointException e) {
      throw new CheckpointException("%s: '%s': %s".formatted(file, key, e.getMessage()), e);
    }
  }

  /** A list of strings, or one string. */
  private List<String> names(String key) {
    JsonNode node = json.path(key);
    if (absent(node)) {
      return List.of();
    }
    List<String> names = new ArrayList<>();
    for (JsonNode name : node.isTextual() ? List.of(node) : node) {
      if (node.isObject() || !name.isTextual()) {
        throw wrong(key, "a list of names", node);
      }
      names.add(name.textValue());
    }
    if (!node.isTextual() && !node.isArray()) {
      throw wrong(key, "a list of names", node);
    }
    return names;
  }

  /** A list of numbers, or one number. */
  private List<Integer> layers() {
    JsonNode node = json.path("layers_to_transform");
    List<Integer> layers = new ArrayList<>();
    if (!absent(node)) {
      for (JsonNode layer : node.isInt() ? List.of(node) : node) {
        if (node.isObject() || !layer.isInt()) {
          throw wrong("layers_to_transform", "a list of layers", node);
        }
        layers.add(layer.intValue());
      }
      if (!node.isInt() && !node.isArray()) {
        throw wrong("layers_to_transform", "a list of layers", node);
      }
    }
    return layers;
  }

  private LoraBias bias() {
    String text = text("bias");
    for (LoraBias bias : LoraBias.values()) {
      if (bias.text().equals(text)) {
        return bias;
      }
    }
    if (text.isEmpty()) {
      return LoraBias.NONE;
    }
    throw wrong("bias", "\"none\", \"all\" or \"lora_only\"", json.path("bias"));
  }

  private LoraInit init() {
    JsonNode node = json.path("init_lora_weights");
    if (absent(node)) {
      return LoraInit.DEFAULT;
    }
    return LoraInit.of(node.asText())
        .filter(init -> node.isBoolean() || node.isTextual())
        .orElseThrow(
            () ->
                new CheckpointException(
                    "%s: expected 'init_lora_weights' to be one of %s, found %s. Another one may have changed the base that the adapter acts on: convert the adapter with peft (path_initial_model_for_weight_conversion), or merge it there."
                        .formatted(
                            file,
                            Arrays.stream(LoraInit.Scheme.values())
                                .map(scheme -> new LoraInit(scheme, 0).text())
                                .toList(),
                            node)));
  }

  /**
   * Where there is none, peft writes the class of the model instead, which says no less if it is
   * one of transformers'.
   */
  private TaskType taskType() {
    String text = text("task_type").toUpperCase(Locale.ROOT);
    if (text.isEmpty()) {
      JsonNode mapping = json.path("auto_mapping");
      return mapping.path("parent_library").asText().startsWith(TRANSFORMERS)
          ? TaskType.ofClass(mapping.path("base_model_class").asText())
          : TaskType.UNSPECIFIED;
    }
    for (TaskType type : TaskType.values()) {
      if (type.name().equals(text) && type != TaskType.UNSPECIFIED) {
        return type;
      }
    }
    throw wrong(
        "task_type", "null or one of " + Arrays.toString(TaskType.values()), json.get("task_type"));
  }

  private double number(String key, double otherwise) {
    JsonNode node = json.path(key);
    if (absent(node)) {
      return otherwise;
    }
    if (!node.isNumber()) {
      throw wrong(key, "a number", node);
    }
    return node.doubleValue();
  }

  private boolean flag(String key) {
    JsonNode node = json.path(key);
    if (!absent(node) && !node.isBoolean()) {
      throw wrong(key, "true or false", node);
    }
    return node.booleanValue();
  }

  private String text(String key) {
    JsonNode node = json.path(key);
    if (absent(node)) {
      return "";
    }
    if (!node.isTextual()) {
      throw wrong(key, "a string or null", node);
    }
    return node.textValue();
  }

  private static boolean absent(JsonNode node) {
    return node.isMissingNode() || node.isNull();
  }

  private CheckpointException wrong(String key, String expected, JsonNode found) {
    return new CheckpointException(
        "%s: expected '%s' to be %s, found %s. Correct the file."
            .formatted(file, key, expected, found.isMissingNode() ? "nothing" : found));
  }
}
