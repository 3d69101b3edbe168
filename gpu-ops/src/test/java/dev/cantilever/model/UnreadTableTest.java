package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What adapters have of a T5's module {@code shared}, whose table encoder and decoder read. */
class UnreadTableTest extends ModelConformance {

  @TempDir private Path folder;

  @Override
  protected Backend open() {
    return Backends.cpu(256L << 20, 2);
  }

  private LanguageModel model(String base) throws Exception {
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path(base))) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  /** A plan has what an adapter takes that is loaded, to the byte, and is made of its settings. */
  @ParameterizedTest
  @CsvSource({"t5_shared, flan_t5", "t5_shared_whole, t5_plain", "t5_all, t5_plain"})
  void planned_ofAnAdapterWithIt_takesAsMuchAsLoaded(String name, String base) throws Exception {
    LanguageModel model = model(base);
    Path path = Fixtures.path("peft_adapters/" + name);
    AdapterConfig config;
    try (AdapterDirectory directory = AdapterDirectory.open(path)) {
      config = directory.config();
    }
    try (Arena arena = backend.budget().open("planned", Purpose.ADAPTER)) {
      Adapter.planned(backend, arena, "planned", config, model.targets()).detach();
      Adapter.load(backend, adapters, "loaded", path, model.targets(), false).detach();
      assertThat(arena.usedBytes()).isEqualTo(adapters.usedBytes());
    }
  }

  @ParameterizedTest
  @CsvSource({"t5_shared, flan_t5", "t5_shared_whole, t5_plain"})
  void loaded_toBeTrained_hasNoParameterOfIt(String name, String base) throws Exception {
    LanguageModel model = model(base);
    Path path = Fixtures.path("peft_adapters/" + name);
    Adapter adapter = Adapter.load(backend, adapters, "a", path, model.targets(), true);
    assertThat(adapter.parameters())
        .isNotEmpty()
        .extracting(Parameter::name)
        .noneMatch(parameter -> parameter.contains("shared"));
    adapter.parametersChanged();
  }

  @Test
  void loaded_toBeTrained_ofNothingElse_isRefused() throws Exception {
    LanguageModel model = model("t5_plain");
    Path path = Files.createDirectory(folder.resolve("adapter"));
    Files.writeString(
        path.resolve("adapter_config.json"),
        """
        {"peft_type": "LORA", "task_type": "SEQ_2_SEQ_LM", "r": 1, "lora_alpha": 1,
         "target_modules": ["shared"]}
        """);
    String branch = "base_model.model.shared.lora_embedding_";
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(branch + "A", DType.F32, Shape.of(1, 96)),
            new TensorSpec(branch + "B", DType.F32, Shape.of(32, 1)));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            path.resolve("adapter_model.safetensors"), specs, Map.of("format", "pt"))) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), new float[(int) spec.shape().elements()]);
      }
      writer.finish();
    }
    assertThatThrownBy(() -> Adapter.load(backend, adapters, "a", path, model.targets(), true))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("found only [shared]")
        .hasMessageContaining("[encoder.embed_tokens, decoder.embed_tokens]");
    Adapter.load(backend, adapters, "a", path, model.targets(), false); // which changes nothing
  }

  /** Neither as a branch nor whole. */
  @ParameterizedTest
  @CsvSource({"t5_shared, flan_t5", "t5_shared_whole, t5_plain"})
  void fresh_withIt_isRefusedWithWhatIsRead(String name, String base) throws Exception {
    LanguageModel model = model(base);
    AdapterConfig config;
    try (AdapterDirectory directory =
        AdapterDirectory.open(Fixtures.path("peft_adapters/" + name))) {
      config = directory.config();
    }
    assertThatThrownBy(() -> Adapter.fresh(backend, adapters, "a", config, model.targets(), 3))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("found 'shared'")
        .hasMessageContaining("which are [encoder.embed_tokens, decoder.embed_tokens]");
  }
}
