package dev.cantilever.adapter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Merging into a base whose head is its embedding what an adapter makes of one of the two. */
class UntiedHeadMergeTest {

  private static final Path BASE = Fixtures.path("gpt2");
  private static final Path BRANCHED = Fixtures.path("peft_adapters/gpt2_lora_tied");
  private static final String EMBEDDING = "transformer.wte.weight";
  private static final String HEAD = "lm_head.weight";
  private static final String FIRST_PART = "transformer.";
  private static final String PREFIX = "base_model.model.";

  @TempDir private Path folder;

  @Test
  void merge_shardedBase_hasTheHeadBesideTheEmbeddingAndInTheIndex() throws IOException {
    Path base = folder.resolve("base");
    Path adapter = Fixtures.path("peft_adapters/gpt2_tied_head");
    Path merged = mergedIntoStored("", false, adapter);

    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged);
        AdapterDirectory source = AdapterDirectory.open(adapter)) {
      assertThat(before.files()).hasSizeGreaterThan(2);
      assertThat(after.config().requireBoolean("tie_word_embeddings")).isFalse();
      assertThat(after.names()).hasSize(before.names().size() + 1).contains(HEAD);
      assertThat(after.file(HEAD)).isSameAs(after.file(EMBEDDING));
      assertThat(after.readFloats(EMBEDDING)).isEqualTo(before.readFloats(EMBEDDING));
      assertThat(after.readFloats(HEAD))
          .isEqualTo(source.file().readFloats(PREFIX + HEAD))
          .isNotEqualTo(before.readFloats(EMBEDDING));
      assertThat(Files.readString(merged.resolve("model.safetensors.index.json")))
          .contains("\"total_size\": " + after.bytes());
    }
  }

  /** As the first GPT-2's files are, which transformers reads with a head beside them as well. */
  @ParameterizedTest
  @ValueSource(strings = {"gpt2_tied_head", "gpt2_tied_both", "gpt2_lora_tied"})
  void merge_baseWithoutTheFirstPartOfItsNames_equalsThatOfTheWholeNames(String name)
      throws IOException {
    Path adapter = Fixtures.path("peft_adapters/" + name);
    Path expected = folder.resolve("expected");
    Path merged = mergedIntoStored(FIRST_PART, false, adapter);

    AdapterMerger.merge(BASE, adapter, expected);
    try (ModelDirectory after = ModelDirectory.open(merged);
        ModelDirectory whole = ModelDirectory.open(expected)) {
      assertThat(after.config().requireBoolean("tie_word_embeddings")).isFalse();
      assertThat(after.names()).hasSize(whole.names().size()).contains(HEAD, "wte.weight");
      for (String tensor : whole.names()) {
        assertThat(after.readFloats(tensor)).as(tensor).isEqualTo(whole.readFloats(tensor));
      }
    }
  }

  @Test
  void merge_baseThatStoresItsTiedHead_isNoLongerTied() throws IOException {
    Path base = folder.resolve("base");
    Path merged = mergedIntoStored("", true, Fixtures.path("peft_adapters/gpt2_tied_head"));

    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(before.config().booleanOr("tie_word_embeddings", true)).isTrue();
      assertThat(after.config().requireBoolean("tie_word_embeddings")).isFalse();
      assertThat(after.names()).isEqualTo(before.names());
      assertThat(after.readFloats(EMBEDDING)).isEqualTo(before.readFloats(EMBEDDING));
      assertThat(after.readFloats(HEAD)).isNotEqualTo(before.readFloats(HEAD));
    }
  }

  @Test
  void merge_headOfMoreTokensThanTheEmbedding_isRefused() throws IOException {
    Path adapter = adapter("'modules_to_save':['lm_head']", PREFIX + HEAD, 99);

    assertThatThrownBy(() -> AdapterMerger.merge(BASE, adapter, folder.resolve("merged")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(HEAD);
    assertThat(folder.resolve("merged")).doesNotExist();
  }

  /** As peft loads it: what is there is what the branch began from less that beginning. */
  @Test
  void merge_pissaOverAHeadThatCameAlong_addsTheBranchToIt() throws IOException {
    Path adapter = adapter("'init_lora_weights':'pissa'", PREFIX + "lm_head.base_layer.weight", 96);
    Path merged = folder.resolve("merged");

    AdapterMerger.merge(BASE, adapter, merged);

    try (ModelDirectory after = ModelDirectory.open(merged)) {
      float[] head = after.readFloats(HEAD);
      float[] expected = new float[head.length];
      Arrays.fill(expected, 0.5f + 0.25f * 0.25f);
      assertThat(head).isEqualTo(expected);
    }
  }

  /** What peft took off the one tensor that transformers makes of the two is off both. */
  @Test
  void merge_pissaOverAStoredTiedHead_takesItsBeginningOffTheEmbeddingToo() throws IOException {
    Path adapter = adapter("'init_lora_weights':'pissa'", PREFIX + "lm_head.base_layer.weight", 96);
    Path merged = mergedIntoStored("", true, adapter);

    try (ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.config().requireBoolean("tie_word_embeddings")).isFalse();
      float[] expected = new float[after.readFloats(HEAD).length];
      Arrays.fill(expected, 0.5f);
      assertThat(after.readFloats(EMBEDDING)).isEqualTo(expected);
      Arrays.fill(expected, 0.5f + 0.25f * 0.25f);
      assertThat(after.readFloats(HEAD)).isEqualTo(expected);
    }
  }

  /** transformers ties what is stored only if the contents are equal, whatever the config says. */
  @Test
  void merge_pissaOverAStoredHeadOfOtherContents_leavesTheEmbedding() throws IOException {
    Path adapter = adapter("'init_lora_weights':'pissa'", PREFIX + "lm_head.base_layer.weight", 96);
    Path base = folder.resolve("base");
    Path merged = folder.resolve("merged");
    store(base, "", true, 0.25f);
    AdapterMerger.merge(base, adapter, merged);

    try (ModelDirectory before = ModelDirectory.open(base);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.readFloats(EMBEDDING)).isEqualTo(before.readFloats(EMBEDDING));
      float[] expected = new float[after.readFloats(HEAD).length];
      Arrays.fill(expected, 0.5f + 0.25f * 0.25f);
      assertThat(after.readFloats(HEAD)).isEqualTo(expected);
    }
  }

  /** What it gives is hidden states, so there is no head that the embedding could be. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "\"task_type\": \"FEATURE_EXTRACTION\"",
        "\"auto_mapping\": {\"base_model_class\": \"GPT2Model\", "
            + "\"parent_library\": \"transformers.models.gpt2.modeling_gpt2\"}"
      })
  void merge_embeddingOfAModelForItsHiddenStates_addsNoHead(String setting) throws IOException {
    Path adapter = adapterOfTheEmbedding(setting);
    Path merged = folder.resolve("merged");
    Path ofLanguageModel = folder.resolve("expected");
    AdapterMerger.merge(BASE, adapter, merged);
    AdapterMerger.merge(BASE, BRANCHED, ofLanguageModel);

    try (ModelDirectory before = ModelDirectory.open(BASE);
        ModelDirectory after = ModelDirectory.open(merged);
        ModelDirectory expected = ModelDirectory.open(ofLanguageModel)) {
      assertThat(after.names()).isEqualTo(before.names());
      assertThat(after.config().json()).isEqualTo(before.config().json());
      assertThat(after.readFloats(EMBEDDING)).isEqualTo(expected.readFloats(EMBEDDING));
    }
  }

  /** By the class that peft wrote, whatever the base's config says that it was saved from. */
  @Test
  void merge_embeddingOfALanguageModelOverABaseSavedWithoutHead_addsTheHead() throws IOException {
    Path adapter =
        adapterOfTheEmbedding(
            "\"auto_mapping\": {\"base_model_class\": \"GPT2LMHeadModel\", "
                + "\"parent_library\": \"transformers.models.gpt2.modeling_gpt2\"}");
    Path merged = mergedIntoStored("", false, adapter, "GPT2Model");

    try (ModelDirectory before = ModelDirectory.open(BASE);
        ModelDirectory after = ModelDirectory.open(merged)) {
      assertThat(after.readFloats(HEAD)).isEqualTo(before.readFloats(EMBEDDING));
      assertThat(after.readFloats(EMBEDDING)).isNotEqualTo(before.readFloats(EMBEDDING));
    }
  }

  /** The branch of the embedding of an adapter of both, with another setting for its task. */
  private Path adapterOfTheEmbedding(String setting) throws IOException {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    String config = Files.readString(BRANCHED.resolve("adapter_config.json"));
    Files.writeString(
        adapter.resolve("adapter_config.json"),
        config
            .replace("\"auto_mapping\": null,", "")
            .replace("\"task_type\": \"CAUSAL_LM\"", setting));
    String table = PREFIX + "transformer.wte.lora_embedding_";
    try (AdapterDirectory source = AdapterDirectory.open(BRANCHED)) {
      List<TensorSpec> specs =
          List.of(
              new TensorSpec(table + "A", DType.F32, source.file().entry(table + "A").shape()),
              new TensorSpec(table + "B", DType.F32, source.file().entry(table + "B").shape()));
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(
              adapter.resolve("adapter_model.safetensors"), specs, Map.of("format", "pt"))) {
        for (TensorSpec spec : specs) {
          writer.write(spec.name(), source.file().readFloats(spec.name()));
        }
        writer.finish();
      }
    }
    return adapter;
  }

  /** Merges into the base stored in other files. */
  private Path mergedIntoStored(String without, boolean withHead, Path adapter) throws IOException {
    return mergedIntoStored(without, withHead, adapter, "GPT2LMHeadModel");
  }

  private Path mergedIntoStored(String without, boolean withHead, Path adapter, String savedFrom)
      throws IOException {
    Path merged = folder.resolve("merged");
    store(folder.resolve("base"), without, withHead, 0);
    Path config = folder.resolve("base").resolve("config.json");
    Files.writeString(config, Files.readString(config).replace("GPT2LMHeadModel", savedFrom));
    AdapterMerger.merge(folder.resolve("base"), adapter, merged);
    return merged;
  }

  /** An adapter with a branch of 0.25 at the head and a tensor of 0.5. */
  private Path adapter(String setting, String name, int rows) throws IOException {
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    boolean branch = !setting.contains("modules_to_save");
    String module = branch ? "lm_head" : "transformer.h.0.mlp.c_fc";
    Files.writeString(
        adapter.resolve("adapter_config.json"),
        ("{'peft_type':'LORA','task_type':'CAUSAL_LM','r':1,'lora_alpha':1,"
                + "'target_modules':['%s'],%s}")
            .formatted(module, setting)
            .replace('\'', '"'));
    int width;
    int out;
    try (ModelDirectory base = ModelDirectory.open(BASE)) {
      width = (int) base.entry(EMBEDDING).shape().dim(1);
      out = branch ? rows : (int) base.entry(module + ".weight").shape().dim(1);
    }
    List<TensorSpec> specs =
        List.of(
            new TensorSpec(PREFIX + module + ".lora_A.weight", DType.F32, Shape.of(1, width)),
            new TensorSpec(PREFIX + module + ".lora_B.weight", DType.F32, Shape.of(out, 1)),
            new TensorSpec(name, DType.F32, Shape.of(rows, width)));
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(
            adapter.resolve("adapter_model.safetensors"), specs, Map.of("format", "pt"))) {
      for (TensorSpec spec : specs) {
        float[] values = new float[(int) spec.shape().elements()];
        Arrays.fill(values, spec.name().equals(name) ? 0.5f : 0.25f);
        writer.write(spec.name(), values);
      }
      writer.finish();
    }
    return adapter;
  }

  /**
   * Stores the base in files of 30 kB under names without a first part, and perhaps its head too.
   *
   * @param added what the head is more than the embedding
   */
  private static void store(Path target, String without, boolean withHead, float added)
      throws IOException {
    try (ModelDirectory model = ModelDirectory.open(BASE)) {
      Map<String, String> sources = new LinkedHashMap<>();
      model.names().forEach(name -> sources.put(stripped(name, without), name));
      if (withHead) {
        sources.put(HEAD, EMBEDDING);
      }
      List<TensorSpec> specs = new ArrayList<>();
      sources.forEach(
          (name, source) ->
              specs.add(new TensorSpec(name, DType.F32, model.entry(source).shape())));
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, model.config(), specs, 30_000)) {
        for (TensorSpec spec : specs) {
          String source = Optional.ofNullable(sources.get(spec.name())).orElseThrow();
          float[] values = model.readFloats(source);
          for (int i = 0; spec.name().equals(HEAD) && i < values.length; i++) {
            values[i] += added;
          }
          writer.write(spec.name(), values);
        }
        writer.publish();
      }
    }
  }

  private static String stripped(String name, String part) {
    return name.startsWith(part) ? name.substring(part.length()) : name;
  }
}
