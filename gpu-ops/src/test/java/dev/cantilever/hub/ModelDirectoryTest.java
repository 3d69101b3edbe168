package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelDirectoryTest {

  @TempDir Path folder;

  @Test
  void open_singleFile_findsTensors() throws IOException {
    try (ModelDirectory model = ModelDirectory.open(Fixtures.path("gpt_neox"))) {
      assertThat(model.config().modelType()).isEqualTo("gpt_neox");
      assertThat(model.names()).hasSize(28).contains("embed_out.weight");
      assertThat(model.entry("embed_out.weight", Shape.of(96, 48)).dtype()).isEqualTo(DType.F32);
      assertThat(model.readFloats("gpt_neox.final_layer_norm.bias")).hasSize(48);
      assertThatThrownBy(() -> model.entry("embed_out.weight", Shape.of(48, 96)))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("[48, 96]")
          .hasMessageContaining("[96, 48]");
      assertThatThrownBy(() -> model.file("lm_head.weight")).hasMessageContaining("lm_head.weight");
    }
  }

  @Test
  void entry_namedByAnotherVersion_isFound() throws IOException {
    Path target = folder.resolve("model");
    List<TensorSpec> specs =
        Stream.of("lm_head.weight", "bert.e.LayerNorm.gamma", "e.LayerNorm.beta")
            .map(name -> new TensorSpec(name, DType.F32, Shape.of(2, 5)))
            .toList();
    try (ModelDirectoryWriter writer = ModelDirectoryWriter.create(target, config(), specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), values(spec));
      }
      writer.publish();
    }
    try (ModelDirectory model = ModelDirectory.open(target)) {
      assertThat(model.entry("embed_out.weight").name()).isEqualTo("lm_head.weight");
      assertThat(model.entry("bert.e.LayerNorm.weight").name()).isEqualTo("bert.e.LayerNorm.gamma");
      assertThat(model.entry("bert.e.LayerNorm.bias").name()).isEqualTo("e.LayerNorm.beta");
      assertThat(model.contains("bert.e.norm.weight")).isFalse();
    }
  }

  @Property(tries = 30, seed = "20240817")
  void writer_anyModelAndLimit_readsBackEqual(
      @ForAll @Size(min = 1, max = 12) List<@IntRange(max = 40) Integer> sizes,
      @ForAll @IntRange(min = 1, max = 400) int maxShardBytes,
      @ForAll long seed)
      throws IOException {
    Path root = Files.createTempDirectory("shards");
    Path target = root.resolve("model");
    List<TensorSpec> specs = new ArrayList<>();
    for (int size : sizes) {
      specs.add(new TensorSpec("t." + specs.size(), DType.F32, Shape.of(size)));
    }
    List<TensorSpec> order = new ArrayList<>(specs);
    Collections.shuffle(order, new Random(seed));
    try (ModelDirectoryWriter writer =
        ModelDirectoryWriter.create(target, config(), specs, maxShardBytes)) {
      for (TensorSpec spec : order) {
        writer.write(spec.name(), values(spec));
      }
      writer.publish();
    }
    try (ModelDirectory model = ModelDirectory.open(target)) {
      assertThat(model.names()).hasSize(specs.size());
      for (TensorSpec spec : specs) {
        assertThat(model.readFloats(spec.name())).isEqualTo(values(spec));
      }
      for (TensorFile file : model.files()) {
        long bytes = file.entries().stream().mapToLong(TensorEntry::bytes).sum();
        assertThat(bytes <= maxShardBytes || file.entries().size() == 1).isTrue();
      }
      assertThat(names(target).contains("model.safetensors")).isEqualTo(model.files().size() == 1);
      assertThat(names(target).contains(WeightFormat.SAFETENSORS.index()))
          .isEqualTo(model.files().size() > 1);
    }
    assertThat(names(root)).containsExactly("model");
    deleteModel(target);
    Files.delete(root);
  }

  @Test
  void writer_sharded_namesShardsAndIndexAsTransformersDoes() throws IOException {
    Path target = writeShards();

    assertThat(names(target))
        .containsExactly(
            "config.json",
            "generation_config.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json");
    assertThat(target.resolve(WeightFormat.SAFETENSORS.index()))
        .hasContent(
            """
            {
              "metadata": {
                "total_parameters": 30,
                "total_size": 120
              },
              "weight_map": {
                "t.0": "model-00001-of-00002.safetensors",
                "t.1": "model-00001-of-00002.safetensors",
                "t.2": "model-00002-of-00002.safetensors"
              }
            }
            """);
    assertThat(target.resolve("generation_config.json"))
        .hasSameBinaryContentAs(Fixtures.path("gpt_neox/generation_config.json"));
  }

  @Test
  void writer_copyOfAModelInOneFile_isByteEqual() throws IOException {
    Path target = folder.resolve("copy");
    try (ModelDirectory source = ModelDirectory.open(Fixtures.path("gpt_neox"))) {
      List<TensorSpec> specs =
          source.names().stream()
              .map(source::entry)
              .map(e -> new TensorSpec(e.name(), e.dtype(), e.shape()))
              .toList();
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, source.config(), specs)) {
        for (String name : source.names()) {
          writer.copy(name, source.file(name));
        }
        writer.publish();
      }
    }
    assertThat(target.resolve("model.safetensors"))
        .hasSameBinaryContentAs(Fixtures.path("gpt_neox/model.safetensors"));
  }

  @Test
  void writer_closedOrIncomplete_leavesNothing() throws IOException {
    List<TensorSpec> specs = specs();
    try (ModelDirectoryWriter writer =
        ModelDirectoryWriter.create(folder.resolve("m"), config(), specs, 80)) {
      writer.write("t.0", values(specs.get(0)));
      assertThatThrownBy(writer::publish).hasMessageContaining("t.1");
    }
    assertThat(names(folder)).isEmpty();
  }

  @Test
  void writer_targetTaken_isRefused() throws IOException {
    Files.writeString(folder.resolve("precious"), "");

    assertThatThrownBy(() -> ModelDirectoryWriter.create(folder, config(), specs()).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("expected nothing there yet");
  }

  @Test
  void open_missingShard_isNamed() throws IOException {
    Path target = writeShards();
    Files.delete(target.resolve("model-00002-of-00002.safetensors"));

    refused(target, "model-00002-of-00002.safetensors", "with 1 tensors");
  }

  @Test
  void open_truncatedShard_isNamed() throws IOException {
    Path target = writeShards();
    Path shard = target.resolve("model-00001-of-00002.safetensors");
    byte[] bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 1));

    refused(target, "model-00001-of-00002.safetensors", "truncated");
  }

  @Test
  void open_indexAndShardsDisagree_isRefused() throws IOException {
    Path target = writeShards();
    Path index = target.resolve(WeightFormat.SAFETENSORS.index());
    String text = Files.readString(index);

    Files.writeString(index, text.replace("\"t.2\": ", "\"t.3\": "));
    refused(target, "'t.2'", "nowhere");
    Files.writeString(index, text.replace("\"t.1\": \"model-00001", "\"t.1\": \"model-00002"));
    refused(target, "'t.1'", "in model-00002-of-00002.safetensors");
    Files.writeString(
        index,
        text.replace(
            "{\n    \"t.0\"",
            "{\n    \"t.9\": \"model-00001-of-00002.safetensors\",\n    \"t.0\""));
    refused(target, "'t.9'", "found none");
    Files.writeString(index, text.replace("\"t.2\": ", "\"t.1\": "));
    refused(target, "t.1", "repeated keys");
  }

  @Test
  void open_indexWithPath_isRefused() throws IOException {
    Path target = writeShards();
    Path index = target.resolve(WeightFormat.SAFETENSORS.index());
    String text = Files.readString(index);
    for (String name :
        List.of("../x.safetensors", "/x.safetensors", "a\\\\b.safetensors", "x.bin")) {
      Files.writeString(index, text.replace("model-00002-of-00002.safetensors", name));
      refused(target, "'t.2'", "same directory");
    }
  }

  @Test
  void open_nothingOrDamaged_isRefused() throws IOException {
    assertThatThrownBy(() -> ModelDirectory.open(folder.resolve("none")))
        .hasMessageContaining("expected a model directory");
    refused(folder, "config.json", "found none");
    Files.writeString(folder.resolve("config.json"), "{}");
    refused(folder, "model.safetensors", "found none");
    Files.writeString(folder.resolve("pytorch_model.bin"), "");
    refused(folder, "pytorch_model.bin", "zip container");
    Files.writeString(folder.resolve("config.json"), "{\"quantization_config\": {\"bits\": 4}}");
    refused(folder, "quantization_config", "not supported");
  }

  private void refused(Path directory, String what, String why) {
    assertThatThrownBy(() -> ModelDirectory.open(directory).close())
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(what)
        .hasMessageContaining(why);
  }

  private Path writeShards() throws IOException {
    Path target = folder.resolve("model");
    try (ModelDirectoryWriter writer = ModelDirectoryWriter.create(target, config(), specs(), 80)) {
      for (TensorSpec spec : specs()) {
        writer.write(spec.name(), values(spec));
      }
      assertThat(writer.copyCompanions(Fixtures.path("gpt_neox")))
          .containsExactly("generation_config.json");
      writer.publish();
    }
    return target;
  }

  private static List<TensorSpec> specs() {
    return Stream.of("t.0", "t.1", "t.2")
        .map(name -> new TensorSpec(name, DType.F32, Shape.of(2, 5)))
        .toList();
  }

  private static ModelConfig config() throws IOException {
    return ModelConfig.read(Fixtures.path("gpt_neox"));
  }

  private static float[] values(TensorSpec spec) {
    float[] values = new float[(int) spec.shape().elements()];
    Random random = new Random(spec.name().hashCode());
    for (int i = 0; i < values.length; i++) {
      values[i] = random.nextFloat();
    }
    return values;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static void deleteModel(Path directory) throws IOException {
    for (String name : names(directory)) {
      Files.delete(directory.resolve(name));
    }
    Files.delete(directory);
  }
}
