package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
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
      assertThat(config.scale()).isEqualTo(2);
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

  @Test
  void config_everySettingOfOurs_readsBackEqual() throws IOException {
    AdapterConfig config =
        new AdapterConfig(
            16,
            12.5,
            0.05,
            new TargetModules.Regex(".*\\.(q|v)_proj"),
            true,
            true,
            TaskType.UNSPECIFIED,
            "some/base");

    config.write(folder);

    assertThat(AdapterConfig.read(folder)).isEqualTo(config);
    assertThat(config.scale()).isEqualTo(12.5 / 4);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'use_dora': true",
        "'rank_pattern': {'q_proj': 8}",
        "'modules_to_save': ['score']",
        "'bias': 'all'",
        "'init_lora_weights': 'pissa'",
        "'layers_to_transform': 0",
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

    assertThat(config.targetModules()).isEqualTo(new TargetModules.AllLinear());
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
    Files.move(folder.resolve("adapter_model.safetensors"), folder.resolve("adapter_model.bin"));
    refused("never read");
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
