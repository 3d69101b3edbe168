package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AdapterDirectoryTest {

  private static final String MODULE = "gpt_neox.layers.0.attention.query_key_value";

  @TempDir Path folder;

  @Test
  void open_referenceAdapter_givesConfigAndModules() throws IOException {
    try (AdapterDirectory adapter = AdapterDirectory.open(Fixtures.path("gpt_neox/adapter"))) {
      AdapterConfig config = adapter.config();
      assertThat(config)
          .isEqualTo(
              AdapterConfig.of(4, 8, TargetModules.of("query_key_value"), TaskType.CAUSAL_LM));
      assertThat(config.scale(MODULE)).isEqualTo(2);
      assertThat(adapter.modules())
          .hasSize(2)
          .containsEntry(MODULE, new LoraModule(MODULE, 48, 144));
      assertThat(adapter.readA(new LoraModule(MODULE, 48, 144))).hasSize(4 * 48);
    }
  }

  @Test
  void writer_referenceAdapter_isByteEqual() throws IOException {
    Path target = folder.resolve("adapter");
    try (AdapterDirectory source = AdapterDirectory.open(Fixtures.path("gpt_neox/adapter"))) {
      List<LoraModule> modules = new ArrayList<>(source.modules().values());
      try (AdapterWriter writer = AdapterWriter.create(target, source.config(), modules)) {
        for (LoraModule module : modules) {
          writer.writeB(module, source.readB(module));
          writer.writeA(module, source.readA(module));
        }
        writer.finish();
      }
    }
    for (String name : List.of("adapter_config.json", "adapter_model.safetensors")) {
      assertThat(target.resolve(name))
          .hasSameBinaryContentAs(Fixtures.path("gpt_neox/adapter/" + name));
    }
  }

  /** The adapter of a fixture with its weights as {@code torch.save} writes them. */
  private Path pickled() throws IOException {
    Path from = Fixtures.path("gpt_neox/adapter");
    Path to = Files.createDirectory(folder.resolve("pickled"));
    Files.copy(from.resolve("adapter_config.json"), to.resolve("adapter_config.json"));
    TorchArchiveWriter writer = new TorchArchiveWriter();
    try (SafetensorsFile file = SafetensorsFile.open(from.resolve("adapter_model.safetensors"))) {
      for (TensorEntry entry : file.entries()) {
        writer.tensor(entry, file.readBytes(entry.name()));
      }
    }
    writer.write(to.resolve("adapter_model.bin"));
    return to;
  }

  @Test
  void open_pickledAdapter_hasTheSameMatrices() throws IOException {
    try (AdapterDirectory expected = AdapterDirectory.open(Fixtures.path("gpt_neox/adapter"));
        AdapterDirectory found = AdapterDirectory.open(pickled())) {
      assertThat(found.modules()).isEqualTo(expected.modules()).isNotEmpty();
      for (LoraModule module : expected.modules().values()) {
        assertThat(found.readA(module)).isEqualTo(expected.readA(module));
        assertThat(found.readB(module)).isEqualTo(expected.readB(module));
      }
    }
  }

  @Test
  void open_pickleBesideSafetensors_isNotLookedAt() throws IOException {
    Path adapter = pickled();
    Files.copy(
        Fixtures.path("gpt_neox/adapter/adapter_model.safetensors"),
        adapter.resolve("adapter_model.safetensors"));
    Files.writeString(adapter.resolve("adapter_model.bin"), "no pickle");

    try (AdapterDirectory opened = AdapterDirectory.open(adapter)) {
      assertThat(opened.file()).isInstanceOf(SafetensorsFile.class);
    }
  }

  @Test
  void open_pickleThatCallsAFunction_isRefused() throws IOException {
    Path adapter = pickled();
    try (var stream = getClass().getResourceAsStream("/torch/calls_a_function.bin")) {
      Files.copy(
          Objects.requireNonNull(stream),
          adapter.resolve("adapter_model.bin"),
          StandardCopyOption.REPLACE_EXISTING);
    }

    assertThatThrownBy(() -> AdapterDirectory.open(adapter).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("adapter_model.bin")
        .hasMessageContaining("'posix.system'");
  }

  @Test
  void conversion_pickledAdapter_isTheOriginalFile() throws IOException {
    Path adapter = pickled();
    Files.writeString(adapter.resolve("tokenizer_config.json"), "{}");
    Path out = folder.resolve("out");
    List<Long> told = new ArrayList<>();

    try (AdapterConversion conversion = AdapterConversion.open(adapter)) {
      ConversionSummary summary = conversion.write(out, told::add);

      assertThat(told.stream().mapToLong(Long::longValue).sum()).isEqualTo(summary.bytes());
      assertThat(summary.companions()).containsExactly("tokenizer_config.json");
    }

    for (String name : List.of("adapter_config.json", "adapter_model.safetensors")) {
      assertThat(out.resolve(name))
          .hasSameBinaryContentAs(Fixtures.path("gpt_neox/adapter/" + name));
    }
    assertThat(out.resolve("adapter_model.bin")).doesNotExist();
  }

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
    assertThat(config.scale(MODULE)).isEqualTo(12.5 / 4);
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
  void names_adaptersSavedTogether_areThoseBelowAndTheDefault() throws IOException {
    AdapterConfig config = AdapterConfig.of(1, 1, TargetModules.of("q"), TaskType.CAUSAL_LM);
    for (String name : List.of("default", "b", "a")) {
      Path place = AdapterDirectory.named(folder, name);
      Files.createDirectories(place);
      config.write(place);
    }
    Files.createDirectories(folder.resolve("checkpoints"));

    assertThat(AdapterDirectory.names(folder)).containsExactly("a", "b", "default");
    assertThatThrownBy(() -> AdapterDirectory.named(folder, "../x"))
        .isInstanceOf(CheckpointException.class);
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

  @Test
  void open_damagedWeights_areRefused() throws IOException {
    TensorSpec a = new TensorSpec("base_model.model.m.q.lora_A.weight", DType.F32, Shape.of(4, 3));
    TensorSpec b = new TensorSpec("base_model.model.m.q.lora_B.weight", DType.F32, Shape.of(5, 4));
    weights(List.of(a, b));
    AdapterDirectory.open(folder).close();

    weights(List.of(a));
    refused("lora_B.weight");
    weights(List.of(b));
    refused("lora_A.weight");
    weights(List.of(a, new TensorSpec(b.name(), DType.F32, Shape.of(5, 3))));
    refused("[out, 4]");
    weights(List.of(a, new TensorSpec(b.name(), DType.I32, Shape.of(5, 4))));
    refused("floating-point");
    weights(List.of(a, b, new TensorSpec("base_model.model.score.weight", DType.F32, Shape.of(1))));
    refused("base_model.model.score.weight");
    weights(
        List.of(
            new TensorSpec("base_model.model.m.k.lora_A.weight", DType.F32, Shape.of(4, 3)),
            new TensorSpec("base_model.model.m.k.lora_B.weight", DType.F32, Shape.of(5, 4))));
    refused("'m.k'");
    weights(List.of());
    refused("at least one module");
    Files.delete(folder.resolve("adapter_model.safetensors"));
    refused("[adapter_model.safetensors, adapter_model.bin]");
  }

  @Test
  void writer_moduleNotTargetedOrNone_isRefused() {
    AdapterConfig config = AdapterConfig.of(4, 8, TargetModules.of("q"), TaskType.CAUSAL_LM);

    assertThatThrownBy(
            () -> AdapterWriter.create(folder, config, List.of(new LoraModule("k", 2, 2))).close())
        .hasMessageContaining("'k'");
    assertThatThrownBy(() -> AdapterWriter.create(folder, config, List.of()).close())
        .hasMessageContaining("at least one module");
  }

  private void refused(String what) {
    assertThatThrownBy(() -> AdapterDirectory.open(folder).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining(what);
  }

  @Test
  void open_whatTheConfigDoesNotAskFor_isRefused() throws IOException {
    TensorSpec a = new TensorSpec("base_model.model.m.q.lora_A.weight", DType.F32, Shape.of(4, 3));
    TensorSpec b = new TensorSpec("base_model.model.m.q.lora_B.weight", DType.F32, Shape.of(5, 4));
    String module = "base_model.model.m.q.";
    for (String name :
        List.of(
            module + "lora_magnitude_vector",
            module + "base_layer.bias",
            module + "lora_B.bias",
            "base_model.model.m.norm.bias",
            "lm_head.weight")) {
      weights(List.of(a, b, new TensorSpec(name, DType.F32, Shape.of(5))));
      refused(name);
    }
  }

  @Test
  void open_notFiniteWeights_areRefusedWhenRead() throws IOException {
    AdapterConfig config = AdapterConfig.of(1, 8, TargetModules.of("q"), TaskType.CAUSAL_LM);
    LoraModule module = new LoraModule("m.q", 2, 1);
    try (AdapterWriter writer = AdapterWriter.create(folder, config, List.of(module))) {
      writer.writeA(module, new float[] {1, Float.NaN});
      writer.writeB(module, new float[] {1});
      writer.finish();
    }
    try (AdapterDirectory adapter = AdapterDirectory.open(folder)) {
      assertThatThrownBy(() -> adapter.readA(module))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining(module.nameA())
          .hasMessageContaining("NaN at element 1");
    }
  }

  /** An adapter of zeros with these tensors, targeting q. */
  private void weights(List<TensorSpec> specs) throws IOException {
    AdapterConfig.of(4, 8, TargetModules.of("q"), TaskType.CAUSAL_LM).write(folder);
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(folder.resolve("adapter_model.safetensors"), specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), ByteBuffer.allocate((int) spec.bytes()));
      }
      writer.finish();
    }
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
