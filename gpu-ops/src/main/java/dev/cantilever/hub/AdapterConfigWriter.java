package dev.cantilever.hub;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/** {@code adapter_config.json} of an {@link AdapterConfig}, in the format of peft 0.21.0. */
final class AdapterConfigWriter {

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

  private AdapterConfigWriter() {}

  static void write(Path file, AdapterConfig config) throws IOException {
    ObjectNode json = JsonFile.parse(DEFAULTS);
    ranks(json, config.ranks());
    modules(json, config.modules());
    json.put("lora_dropout", config.loraDropout());
    json.put("use_dora", config.useDora());
    json.put("bias", config.bias().text());
    json.put("fan_in_fan_out", config.fanInFanOut());
    switch (config.init().scheme()) {
      case DEFAULT -> json.put("init_lora_weights", true);
      case RANDOM -> json.put("init_lora_weights", false);
      default -> json.put("init_lora_weights", config.init().text());
    }
    if (config.taskType() != TaskType.UNSPECIFIED) {
      json.put("task_type", config.taskType().name());
    }
    if (!config.baseModelNameOrPath().isEmpty()) {
      json.put("base_model_name_or_path", config.baseModelNameOrPath());
    }
    StagedFile.write(file, JsonFile.text(json).getBytes(StandardCharsets.UTF_8));
  }

  private static void ranks(ObjectNode json, LoraRanks ranks) {
    json.put("r", ranks.r());
    number(json, "lora_alpha", ranks.loraAlpha());
    json.put("use_rslora", ranks.useRslora());
    ObjectNode rankPattern = json.putObject("rank_pattern");
    ranks.rankPattern().forEach(rankPattern::put);
    ObjectNode alphaPattern = json.putObject("alpha_pattern");
    ranks.alphaPattern().forEach((pattern, alpha) -> number(alphaPattern, pattern, alpha));
  }

  private static void modules(ObjectNode json, ModuleSelection modules) {
    targets(json, "target_modules", modules.targets());
    targets(json, "exclude_modules", modules.excluded());
    names(json, "modules_to_save", modules.saved());
    LayerSelection layers = modules.layers();
    if (!layers.layers().isEmpty()) {
      ArrayNode array = json.putArray("layers_to_transform");
      layers.layers().forEach(array::add);
    }
    names(json, "layers_pattern", layers.patterns());
  }

  private static void targets(ObjectNode json, String key, TargetModules targets) {
    if (targets instanceof TargetModules.Names names) {
      names(json, key, names.names());
    } else if (targets instanceof TargetModules.Regex regex) {
      json.put(key, regex.regex());
    } else if (targets instanceof TargetModules.AllLinear) {
      json.put(key, TargetModules.AllLinear.NAME);
    }
  }

  private static void names(ObjectNode json, String key, List<String> names) {
    if (!names.isEmpty()) {
      ArrayNode array = json.putArray(key);
      names.forEach(array::add);
    }
  }

  private static void number(ObjectNode json, String key, double value) {
    if (value == Math.rint(value) && Math.abs(value) < 1L << 53) {
      json.put(key, (long) value);
    } else {
      json.put(key, value);
    }
  }
}
