package dev.cantilever.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.model.BasePrecision;
import dev.cantilever.model.LanguageModel;
import dev.cantilever.model.ModelLoader;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** An adapter that holds the head of a T5 whole, whose base has none but its embedding. */
class TiedHeadMergeTest {

  private static final Path BASE = Fixtures.path("t5_plain");
  private static final Shape HEAD = Shape.of(96, 32);
  private static final String LORA =
      "base_model.model.decoder.block.0.layer.0.SelfAttention.q.lora_";

  @TempDir private Path folder;
  private Path adapter;

  @BeforeEach
  void writeAdapterOfAHead() throws IOException {
    adapter = Files.createDirectory(folder.resolve("adapter"));
    writeAdapter("lm_head");
  }

  private void writeAdapter(String saved) throws IOException {
    Files.writeString(
        adapter.resolve("adapter_config.json"),
        """
        {"peft_type": "LORA", "task_type": "SEQ_2_SEQ_LM", "r": 1, "lora_alpha": 1,
         "target_modules": ["decoder.block.0.layer.0.SelfAttention.q"],
         "modules_to_save": ["%s"]}
        """
            .formatted(saved));
    int inner;
    try (ModelDirectory base = ModelDirectory.open(BASE)) {
      inner = (int) base.entry("decoder.block.0.layer.0.SelfAttention.q.weight").shape().dim(0);
    }
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(LORA + "A.weight", DType.F32, Shape.of(1, HEAD.dim(1))),
            new TensorSpec(LORA + "B.weight", DType.F32, Shape.of(inner, 1)),
            new TensorSpec("base_model.model." + saved + ".weight", DType.F32, HEAD));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            adapter.resolve("adapter_model.safetensors"), specs, Map.of("format", "pt"))) {
      for (TensorSpec spec : specs) {
        float[] values = new float[(int) spec.shape().elements()];
        Arrays.fill(values, spec.shape().equals(HEAD) ? 0.5f : 0);
        writer.write(spec.name(), values);
      }
      writer.finish();
    }
  }

  /** The key of the config says how the output is scaled, so it stays as it is. */
  @Test
  void head_thatTheBaseTies_isTheAdaptersBesideTheEmbedding() throws IOException {
    AdapterMerger.merge(BASE, adapter, folder.resolve("merged"));

    assertHeadIsTheAdapters();
    try (ModelDirectory base = ModelDirectory.open(BASE);
        ModelDirectory merged = ModelDirectory.open(folder.resolve("merged"))) {
      assertThat(merged.config().json()).isEqualTo(base.config().json());
      assertThat(merged.readFloats("shared.weight")).isEqualTo(base.readFloats("shared.weight"));
    }
  }

  /** As in peft, where encoder and decoder keep the base's and nothing reads this one. */
  @Test
  void embedding_thatNothingReads_leavesTheBase() throws IOException {
    writeAdapter("shared");

    AdapterMerger.merge(BASE, adapter, folder.resolve("merged"));

    try (ModelDirectory base = ModelDirectory.open(BASE);
        ModelDirectory merged = ModelDirectory.open(folder.resolve("merged"))) {
      assertThat(merged.names()).isEqualTo(base.names());
      assertThat(merged.readFloats("shared.weight")).isEqualTo(base.readFloats("shared.weight"));
    }
  }

  @Test
  void head_thatTheBaseStores_isTheAdapters() throws IOException {
    Path base = folder.resolve("base");
    try (ModelDirectory source = ModelDirectory.open(BASE)) {
      List<TensorSpec> specs = new ArrayList<>();
      specs.add(new TensorSpec("lm_head.weight", DType.F32, HEAD));
      source.names().forEach(n -> specs.add(new TensorSpec(n, DType.F32, source.entry(n).shape())));
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(base, source.config(), specs)) {
        writer.write("lm_head.weight", source.readFloats("shared.weight"));
        for (String name : source.names()) {
          writer.write(name, source.readFloats(name));
        }
        writer.publish();
      }
    }

    AdapterMerger.merge(base, adapter, folder.resolve("merged"));

    assertHeadIsTheAdapters();
  }

  private void assertHeadIsTheAdapters() throws IOException {
    try (Backend backend = Backends.cpu(256L << 20, 2);
        ModelDirectory merged = ModelDirectory.open(folder.resolve("merged"));
        Arena weights = backend.budget().open("base", Purpose.BASE_WEIGHTS)) {
      LanguageModel model =
          new ModelLoader(backend, merged, BasePrecision.STORED, weights, Optional.empty())
              .languageModel();
      float[] head = new float[(int) HEAD.elements()];
      backend.transfers().download(head, ((DenseWeight) model.head().weight()).values());
      assertThat(head).containsOnly(0.5f);
    }
  }
}
