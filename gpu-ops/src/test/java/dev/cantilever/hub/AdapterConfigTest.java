package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterConfigTest {

  @TempDir Path folder;

  @Test
  void config_everySettingOfOurs_readsBackEqual() throws IOException {
    AdapterConfig config =
        new AdapterConfig(
            new LoraRanks(16, 12.5, true, Map.of("q_proj", 4), Map.of(".*\\.1\\.v_proj", 3.0)),
            0.05,
            new ModuleSelection(
                TargetModules.of("q_proj", "v_proj"),
                new TargetModules.Regex(".*\\.7\\..*"),
                new LayerSelection(List.of(0, 1, 7), List.of("h", "layers")),
                List.of("score")),
            true,
            LoraBias.LORA_ONLY,
            new LoraInit(LoraInit.Scheme.GAUSSIAN, 0),
            true,
            TaskType.UNSPECIFIED,
            "some/base");

    config.write(folder);

    assertThat(AdapterConfig.read(folder)).isEqualTo(config);
    assertThat(config.scale("layers.0.k_proj")).isEqualTo(12.5 / 4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'use_dora': 'yes'",
        "'use_qalora': true",
        "'lora_bias': true",
        "'rank_pattern': {'q_proj': 0}",
        "'rank_pattern': {'q_proj': 'x'}",
        "'rank_pattern': {'(': 1}",
        "'alpha_pattern': {'q': -1}",
        "'alpha_pattern': []",
        "'modules_to_save': [1]",
        "'modules_to_save': ''",
        "'bias': 'some'",
        "'init_lora_weights': 'loftq'",
        "'init_lora_weights': 'corda'",
        "'init_lora_weights': 3",
        "'layers_to_transform': 'x'",
        "'layers_to_transform': [-1]",
        "'layers_pattern': 'h'",
        "'exclude_modules': '['",
        "'exclude_modules': {'a': 'b'}",
        "'layer_replication': [[0, 4]]",
        "'target_parameters': ['experts.gate_up_proj']",
        "'trainable_token_indices': [0]",
        "'megatron_config': {'a': 1}",
        "'r': 65537",
        "'key_of_tomorrow': 'on'",
        "'peft_type': 'IA3'",
        "'r': 0",
        "'r': null",
        "'lora_alpha': 'x'",
        "'lora_dropout': 1.0",
        "'target_modules': null",
        "'target_modules': []",
        "'target_modules': [1]",
        "'target_modules': '('",
        "'task_type': 'POETRY'",
        "'use_rslora': 1",
      })
  void config_activeOrWrongSetting_isRefusedByName(String setting) throws IOException {
    String key = setting.substring(1, setting.indexOf('\'', 1));

    assertThatThrownBy(() -> config(setting))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("adapter_config.json")
        .hasMessageContaining("'" + key + "'");
  }

  /** What peft writes of a model that was adapted without a task_type. */
  @ParameterizedTest
  @CsvSource({
    "null, GPT2LMHeadModel, CAUSAL_LM",
    "null, LlamaForCausalLM, CAUSAL_LM",
    "null, T5ForConditionalGeneration, SEQ_2_SEQ_LM",
    "null, LlamaForSequenceClassification, SEQ_CLS",
    "null, GPT2Model, FEATURE_EXTRACTION",
    "null, GPT2DoubleHeadsModel, UNSPECIFIED",
    "'SEQ_CLS', LlamaModel, SEQ_CLS",
  })
  void config_taskType_isThatOfTheClassWhereThereIsNone(String said, String name, TaskType expected)
      throws IOException {
    String task = said.equals("null") ? said : "'" + said + "'";
    AdapterConfig config =
        config(
            "'task_type': %s, 'auto_mapping': {'base_model_class': '%s', 'parent_library': '%s'},"
                    .formatted(task, name, "transformers.models.any.modeling_any")
                + "'target_modules': 'all-linear'");

    assertThat(config.taskType()).isEqualTo(expected);
  }

  /** The name of somebody's own class says nothing, of a model with a head say. */
  @ParameterizedTest
  @ValueSource(strings = {"__main__", "my_transformers.model", "trl.models"})
  void config_classOfAnotherLibrary_doesNotSayWhatTheAdapterIsFor(String library)
      throws IOException {
    AdapterConfig config =
        config(
            "'auto_mapping': {'base_model_class': 'MyModel', 'parent_library': '%s'},"
                    .formatted(library)
                + "'target_modules': 'all-linear'");

    assertThat(config.taskType()).isEqualTo(TaskType.UNSPECIFIED);
  }

  @Test
  void config_inactiveUnknownKeys_areIgnored() throws IOException {
    AdapterConfig config =
        config(
            "'merge_weights': false, 'enable_lora': null, 'runtime_config': {'offload': false},"
                + "'target_modules': 'all-linear'");

    assertThat(config.modules().targets()).isEqualTo(new TargetModules.AllLinear());
  }

  @Test
  void config_layersBesideARegularExpression_areRefused() {
    assertThatThrownBy(() -> config("'layers_to_transform': [1], 'target_modules': 'h.1.q'"))
        .hasMessageContaining("layers_to_transform");
    assertThatThrownBy(() -> config("'use_dora': true, 'init_lora_weights': 'pissa'"))
        .hasMessageContaining("use_dora");
  }

  @Test
  void config_keysOfNewerVersionsAtTheirDefaults_areIgnored() throws IOException {
    config(
        "'alora_invocation_tokens': null, 'arrow_config': null, 'corda_config': null,"
            + "'ensure_weight_tying': false, 'eva_config': {'rho': 2.0}, 'layer_replication': null,"
            + "'loftq_config': {'loftq_bits': 4}, 'lora_bias': false, 'megatron_config': null,"
            + "'megatron_core': 'megatron.core', 'qalora_group_size': 16,"
            + "'target_parameters': null, 'trainable_token_indices': null, 'use_qalora': false,"
            + "'init_lora_weights': 'eva', 'modules_to_save': null, 'rank_pattern': {}");
  }

  @ParameterizedTest
  @CsvSource({
    // as peft 0.21's check_target_module_exists
    "model.layers.0.self_attn.q_proj, true",
    "model.layers.1.self_attn.q_proj, false",
    "model.layers.2.self_attn.q_proj, true",
    "model.layers.2.mlp.q_proj, false",
    "encoder.h.2.q_proj, false",
    "layers.2.q_proj, true",
    "layers.2.xq_proj, false",
    "model.head.q_proj, true",
    "model.score.layers.2.q_proj, false",
  })
  void modules_everyKindOfSelection_matchAsPeftDoes(String path, boolean expected) {
    ModuleSelection modules =
        new ModuleSelection(
            TargetModules.of("q_proj", "model.head.q_proj"),
            new TargetModules.Regex(".*mlp.*"),
            new LayerSelection(List.of(0, 2), List.of("layers")),
            List.of("score"));

    assertThat(modules.matches(path)).isEqualTo(expected);
  }

  @Test
  void layers_withoutPattern_areTheFirstNumberedOfANamedModule() {
    LayerSelection layers = new LayerSelection(List.of(1), List.of());

    assertThat(layers.matches("model.layers.1.experts.0.q")).isTrue();
    assertThat(layers.matches("model.layers.0.experts.1.q")).isFalse();
    assertThat(layers.matches("h.1.q")).isFalse();
  }

  @Test
  void ranks_patterns_areMatchedAtThePathsEndInTheirOrder() {
    Map<String, Integer> ranks = new LinkedHashMap<>();
    ranks.put("layers\\.0\\.q|v", 2);
    ranks.put("q", 3);
    LoraRanks found = new LoraRanks(8, 16, true, ranks, Map.of("v", 4.0));

    assertThat(found.rank("m.layers.0.q")).isEqualTo(2);
    assertThat(found.rank("m.layers.1.q")).isEqualTo(3);
    assertThat(found.rank("m.layers.1.xq")).isEqualTo(8);
    assertThat(found.rank("m.v")).isEqualTo(2);
    assertThat(found.scale("m.v")).isEqualTo(4 / Math.sqrt(2));
    assertThat(found.scale("m.layers.1.xq")).isEqualTo(16 / Math.sqrt(8));
  }

  @Test
  void regex_withoutEnd_isGivenUp() {
    TargetModules regex = new TargetModules.Regex("(.*a){25}x");

    assertThatThrownBy(() -> regex.matches("a".repeat(200)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("does not come to an end");
  }

  @Test
  void regex_pythonsNamedGroups_arePlainOnes() {
    assertThat(new TargetModules.Regex(".*\\.(?P<which>q|v)_proj").matches("l.0.v_proj")).isTrue();
  }

  @Test
  void targetModules_namesAndRegex_matchAsPeftDoes() {
    TargetModules names = TargetModules.of("q_proj", "layers.1.mlp");
    assertThat(names.matches("q_proj")).isTrue();
    assertThat(names.matches("model.layers.0.q_proj")).isTrue();
    assertThat(names.matches("model.layers.1.mlp")).isTrue();
    assertThat(names.matches("model.layers.0.xq_proj")).isFalse();
    assertThat(names.matches("model.q_proj.dense")).isFalse();
    TargetModules regex = new TargetModules.Regex(".*\\.[01]\\.q");
    assertThat(regex.matches("layers.1.q")).isTrue();
    assertThat(regex.matches("layers.1.q.x")).isFalse();
  }

  /** A legal config in which the given settings replace or join the others. */
  private AdapterConfig config(String settings) throws IOException {
    StringBuilder text = new StringBuilder("{" + settings);
    for (String pair : List.of("'peft_type':'LORA'", "'r':4", "'target_modules':['q']")) {
      if (!settings.contains(pair.substring(0, pair.indexOf(':')))) {
        text.append(',').append(pair);
      }
    }
    Files.writeString(
        folder.resolve("adapter_config.json"), text.append('}').toString().replace('\'', '"'));
    return AdapterConfig.read(folder);
  }
}
