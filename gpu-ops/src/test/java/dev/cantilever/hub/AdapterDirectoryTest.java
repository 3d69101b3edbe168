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
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
  void open_biasOfAHeadWithABranch_isACopyOfTheBases() throws IOException {
    AdapterConfig.of(4, 8, TargetModules.of("lm_head"), TaskType.CAUSAL_LM).write(folder);
    String module = "base_model.model.lm_head.";
    weights(
        folder,
        List.of(
            new TensorSpec(module + "lora_A.weight", DType.F32, Shape.of(4, 3)),
            new TensorSpec(module + "lora_B.weight", DType.F32, Shape.of(5, 4)),
            new TensorSpec(module + "base_layer.weight", DType.F32, Shape.of(5, 3)),
            new TensorSpec(module + "base_layer.bias", DType.F32, Shape.of(5))));

    try (AdapterDirectory adapter = AdapterDirectory.open(folder)) {
      assertThat(adapter.copies()).containsOnlyKeys("lm_head.weight", "lm_head.bias");
      assertThat(adapter.saved()).isEmpty();
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
    weights(folder, specs);
  }

  private static void weights(Path directory, List<TensorSpec> specs) throws IOException {
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve("adapter_model.safetensors"), specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), ByteBuffer.allocate((int) spec.bytes()));
      }
      writer.finish();
    }
  }
}
