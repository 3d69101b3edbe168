package dev.cantilever.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** {@code adapter_config.json} to and from {@link AdapterConfig}; the format of peft 0.21.0. */
final class AdapterConfigFile {

  /** Every key as peft 0.21.0 writes it for an adapter without extras, sorted. */
  private static final String DEFAULTS =
      """
      {
        "alora_invocation_tokens": null,
        "alpha_pattern": {},
        "arrow_config": null,
        "auto_mapping": null,
        "base_model_name_or_path": null,
        "bias": "none",
        "corda_config": null,
        "ensure_weight_tying": false,
        "eva_config": null,
        "exclude_modules": null,
        "fan_in_fan_out": false,
        "inference_mode": true,
        "init_lora_weights": true,
        "kasa_config": null,
        "layer_replication": null,
        "layers_pattern": null,
        "layers_to_transform": null,
        "loftq_config": {},
        "lora_alpha": 8,
        "lora_bias": false,
        "lora_dropout": 0.0,
        "lora_ga_config": null,
        "megatron_config": null,
        "megatron_core": "megatron.core",
        "modules_to_save": null,
        "monteclora_config": null,
        "peft_type": "LORA",
        "peft_version": "0.21.0",
        "qalora_group_size": 16,
        "r": 8,
        "rank_pattern": {},
        "revision": null,
        "target_modules": null,
        "target_parameters": null,
        "task_type": null,
        "trainable_token_indices": null,
        "use_bdlora": null,
        "use_dora": false,
        "use_qalora": false,
        "use_rslora": false,
        "velora_config": null
      }""";

  /** Read into the record. */
  private static final Set<String> READ =
      Set.of(
          "r",
          "lora_alpha",
          "lora_dropout",
          "target_modules",
          "use_rslora",
          "fan_in_fan_out",
          "task_type",
          "base_model_name_or_path");

  /** Say nothing about what the adapter computes, whatever their value. */
  private static final Set<String> IGNORED =
      Set.of(
          "auto_mapping",
          "inference_mode",
          "megatron_core",
          "peft_version",
          "qalora_group_size",
          "revision");

  /** How fresh weights are drawn; the others of peft's change the base weights as well. */
  private static final Set<String> INITIALISATIONS = Set.of("gaussian", "orthogonal");

  private final Path file;
  private final ObjectNode json;

  private AdapterConfigFile(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  static AdapterConfig read(Path file) throws IOException {
    return new AdapterConfigFile(file, JsonFile.read(file)).config();
  }

  static void write(Path file, AdapterConfig config) throws IOException {
    ObjectNode json = JsonFile.parse(DEFAULTS);
    json.put("r", config.r());
    if (config.loraAlpha() == Math.rint(config.loraAlpha())) {
      json.put("lora_alpha", (long) config.loraAlpha());
    } else {
      json.put("lora_alpha", config.loraAlpha());
    }
    json.put("lora_dropout", config.loraDropout());
    json.put("use_rslora", config.useRslora());
    json.put("fan_in_fan_out", config.fanInFanOut());
    if (config.taskType() != TaskType.UNSPECIFIED) {
      json.put("task_type", config.taskType().name());
    }
    if (!config.baseModelNameOrPath().isEmpty()) {
      json.put("base_model_name_or_path", config.baseModelNameOrPath());
    }
    TargetModules targets = config.targetModules();
    if (targets instanceof TargetModules.Names names) {
      ArrayNode array = json.putArray("target_modules");
      names.names().forEach(array::add);
    } else if (targets instanceof TargetModules.Regex regex) {
      json.put("target_modules", regex.regex());
    } else {
      json.put("target_modules", TargetModules.AllLinear.NAME);
    }
    StagedFile.write(file, JsonFile.text(json).getBytes(StandardCharsets.UTF_8));
  }

  private AdapterConfig config() {
    for (Map.Entry<String, JsonNode> field : json.properties()) {
      check(field.getKey(), field.getValue());
    }
    if (!json.path("peft_type").asText().equals("LORA")) {
      throw wrong("peft_type", "\"LORA\"", json.path("peft_type"));
    }
    JsonNode r = json.path("r");
    if (!r.isInt()) {
      throw wrong("r", "a whole number", r);
    }
    double alpha = number("lora_alpha", 8);
    double dropout = number("lora_dropout", 0);
    boolean rslora = flag("use_rslora");
    boolean fanInFanOut = flag("fan_in_fan_out");
    TaskType taskType = taskType();
    String base = text("base_model_name_or_path");
    List<String> targets = targets();
    try {
      return new AdapterConfig(
          r.intValue(),
          alpha,
          dropout,
          targetModules(targets),
          rslora,
          fanInFanOut,
          taskType,
          base);
    } catch (CheckpointException e) {
      throw new CheckpointException(file + ": " + e.getMessage(), e);
    }
  }

  private void check(String key, JsonNode value) {
    boolean fine =
        switch (key) {
          case "peft_type" -> true; // demanded in config()
          case "bias" -> value.isNull() || value.asText().equals("none");
          case "init_lora_weights" ->
              value.isBoolean()
                  || value.isNull()
                  || INITIALISATIONS.contains(value.asText().toLowerCase(Locale.ROOT));
          default -> READ.contains(key) || IGNORED.contains(key) || !ModelConfig.isActive(value);
        };
    if (!fine) {
      throw new CheckpointException(
          "%s: expected a plain LoRA adapter, found '%s' set to %s. It is not supported: train the"
                  .formatted(file, key, value)
              + " adapter without it, or merge it into the base with peft.");
    }
  }

  /** The names of the list, or the one string. */
  private List<String> targets() {
    JsonNode node = json.path("target_modules");
    List<String> names = new ArrayList<>();
    for (JsonNode name : node.isTextual() ? List.of(node) : node) {
      if (!name.isTextual()) {
        throw wrong("target_modules", "a list of names or a regular expression", node);
      }
      names.add(name.textValue());
    }
    if (names.isEmpty() || node.isObject()) {
      throw wrong("target_modules", "a list of names or a regular expression", node);
    }
    return names;
  }

  private TargetModules targetModules(List<String> targets) {
    if (json.path("target_modules").isArray()) {
      return new TargetModules.Names(targets);
    }
    String text = targets.get(0);
    return text.equalsIgnoreCase(TargetModules.AllLinear.NAME)
        ? new TargetModules.AllLinear()
        : new TargetModules.Regex(text);
  }

  private TaskType taskType() {
    String text = text("task_type");
    if (text.isEmpty()) {
      return TaskType.UNSPECIFIED;
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
    if (node.isMissingNode() || node.isNull()) {
      return otherwise;
    }
    if (!node.isNumber()) {
      throw wrong(key, "a number", node);
    }
    return node.doubleValue();
  }

  private boolean flag(String key) {
    JsonNode node = json.path(key);
    if (!node.isMissingNode() && !node.isNull() && !node.isBoolean()) {
      throw wrong(key, "true or false", node);
    }
    return node.booleanValue();
  }

  private String text(String key) {
    JsonNode node = json.path(key);
    if (node.isMissingNode() || node.isNull()) {
      return "";
    }
    if (!node.isTextual()) {
      throw wrong(key, "a string or null", node);
    }
    return node.textValue();
  }

  private CheckpointException wrong(String key, String expected, JsonNode found) {
    return new CheckpointException(
        "%s: expected '%s' to be %s, found %s. Correct the file."
            .formatted(file, key, expected, found.isMissingNode() ? "nothing" : found));
  }
}
