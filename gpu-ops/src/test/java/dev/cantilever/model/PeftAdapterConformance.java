package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Adapters with the settings of peft's format, as peft wrote them, against what peft computed. */
public abstract class PeftAdapterConformance extends ModelConformance {

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final float LOGITS = 2e-4f;

  /** Of gradients, norm of the difference over norm: the tolerance stated with the fixtures. */
  private static final double GRADIENTS = 1e-3;

  /** Of a bias below 4, which is kept as what it is more than the base's. */
  private static final float ROUNDING = 0x1p-22f;

  @TempDir Path folder;

  private static Path adapter(String name) {
    return Fixtures.path("peft_adapters/" + name);
  }

  private LanguageModel model(Path path) throws Exception {
    try (ModelDirectory directory = ModelDirectory.open(path)) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  /** Row 0 of the checkpoint's input. */
  private static TokenRows row(String base) throws Exception {
    try (SafetensorsFile golden =
        SafetensorsFile.open(Fixtures.path(base + "/golden.safetensors"))) {
      int[] ids = golden.readInts("input_ids");
      return TokenRows.of(Arrays.copyOf(ids, ids.length / 3));
    }
  }

  /** The same, of an encoder-decoder with the decoder's. */
  private static ModelRows rows(String base) throws Exception {
    try (ModelGolden golden = ModelGolden.open(Fixtures.path(base))) {
      ModelRows all = golden.modelRows();
      return new ModelRows(all.tokens().slice(0, 1), all.source().map(rows -> rows.slice(0, 1)));
    }
  }

  private static ResponseRows predicted(String base) throws Exception {
    try (ModelGolden golden = ModelGolden.open(Fixtures.path(base))) {
      return golden.predictedRows().slice(0, 1);
    }
  }

  private static SafetensorsFile golden(PeftFixture fixture) throws Exception {
    return SafetensorsFile.open(fixture.adapter().resolve("golden.safetensors"));
  }

  private static SafetensorsFile golden(String name) throws Exception {
    return SafetensorsFile.open(adapter(name).resolve("golden.safetensors"));
  }

  private void assertLogits(LanguageModel model, String base, Set<String> active, float[] expected)
      throws Exception {
    float[] found = model.logits(backend, memory, rows(base), active);
    assertThat(found).hasSameSizeAs(expected);
    float largest = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs(found[i] - expected[i]));
    }
    assertThat(largest).isLessThan(LOGITS);
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = PeftFixture.MERGED_ALONE)
  void adapterOfPeft_logitsAndGradients_equalPefts(PeftFixture fixture) throws Exception {
    String base = fixture.base();
    LanguageModel model = model(fixture.model());
    Adapter adapter =
        Adapter.load(backend, adapters, "a", fixture.adapter(), model.targets(), true);
    try (SafetensorsFile golden = golden(fixture)) {
      assertLogits(model, base, Set.of("a"), golden.readFloats("adapter_logits"));
      for (Parameter parameter : adapter.parameters()) {
        backend.transfers().zero(parameter.gradient());
      }
      ResponseRows texts = predicted(base);
      double scale = 1.0 / texts.predicted();
      double total =
          new LanguageLoss(backend, model, Set.of("a"), KeepPlan.products())
              .train(memory, texts, scale, OptionalLong.empty());
      assertThat(total * scale)
          .isCloseTo(golden.readFloats("adapter_loss")[0], within((double) LOGITS));
      long expected =
          golden.entries().stream().filter(entry -> entry.name().startsWith("grad.")).count();
      assertThat(adapter.gradients()).hasSize(Math.toIntExact(expected));
      for (Map.Entry<String, float[]> gradient : adapter.gradients().entrySet()) {
        assertThat(difference(gradient.getValue(), golden.readFloats("grad." + gradient.getKey())))
            .as(gradient.getKey())
            .isLessThan(GRADIENTS);
      }
    }
  }

  /** ‖found − expected‖ / ‖expected‖. */
  private static double difference(float[] found, float[] expected) {
    double difference = 0;
    double norm = 0;
    for (int i = 0; i < found.length; i++) {
      difference += Math.pow((double) found[i] - expected[i], 2);
      norm += Math.pow(expected[i], 2);
    }
    return Math.sqrt(difference / norm);
  }

  @ParameterizedTest
  @EnumSource
  void adapterOfPeft_merged_equalsPeft(PeftFixture fixture) throws Exception {
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(fixture.model(), fixture.adapter(), merged);

    try (SafetensorsFile golden = golden(fixture)) {
      assertLogits(model(merged), fixture.base(), Set.of(), golden.readFloats("adapter_logits"));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.MATCH_NONE, names = PeftFixture.MERGED_ALONE)
  void adapterSaved_andLoadedAndMerged_isTheSameAdapter(PeftFixture fixture) throws Exception {
    Path saved = folder.resolve("saved");
    Path merged = folder.resolve("merged");
    LanguageModel model = model(fixture.model());
    Adapter first = Adapter.load(backend, adapters, "a", fixture.adapter(), model.targets(), false);
    first.save(saved);
    first.detach();
    Adapter.load(backend, adapters, "b", saved, model.targets(), false);
    AdapterMerger.merge(fixture.model(), saved, merged);

    try (SafetensorsFile golden = golden(fixture)) {
      float[] expected = golden.readFloats("adapter_logits");
      assertLogits(model, fixture.base(), Set.of("b"), expected);
      assertLogits(model(merged), fixture.base(), Set.of(), expected);
    }
    try (AdapterDirectory adapter = AdapterDirectory.open(saved)) {
      assertThat(adapter.config().init().changesBase()).isFalse();
    }
  }

  @ParameterizedTest
  @CsvSource({
    "neox_bias_all, gpt_neox",
    "gpt2_tied_head, gpt2",
    "gpt2_tied_both, gpt2",
    "qwen2_tied_tokens, qwen2",
    "t5_tables_whole, flan_t5",
    "t5_shared_whole, t5_plain",
    "llama_head, llama",
  })
  void adapterOfPeft_loadedAndSaved_hasPeftsNamesAndValues(String name, String base)
      throws Exception {
    Path saved = folder.resolve("saved");
    LanguageModel model = model(Fixtures.path(base));
    Adapter.load(backend, adapters, "a", adapter(name), model.targets(), true).save(saved);

    try (AdapterDirectory expected = AdapterDirectory.open(adapter(name));
        AdapterDirectory found = AdapterDirectory.open(saved)) {
      assertThat(found.config()).isEqualTo(expected.config());
      assertThat(found.file().entries()).isEqualTo(expected.file().entries());
      for (TensorEntry entry : expected.file().entries()) {
        assertThat(found.file().readFloats(entry.name()))
            .as(entry.name())
            .usingComparatorWithPrecision(ROUNDING)
            .containsExactly(expected.file().readFloats(entry.name()));
      }
    }
  }

  @Test
  void adaptersOfPeft_stackedInTheirOrder_equalPeft() throws Exception {
    LanguageModel model = model(Fixtures.path("gpt_neox"));
    Path together = adapter("neox_stacked");
    assertThat(AdapterDirectory.names(together)).containsExactly("default", "dora", "plain");
    for (String name : new String[] {"plain", "dora", "default"}) {
      Path place = AdapterDirectory.named(together, name);
      Adapter.load(backend, adapters, name, place, model.targets(), false);
    }
    try (SafetensorsFile golden = golden("neox_stacked")) {
      for (String active : new String[] {"plain", "dora", "plain+dora", "plain+dora+default"}) {
        float[] expected = golden.readFloats("logits." + active);
        assertLogits(model, "gpt_neox", Set.of(active.split("\\+")), expected);
      }
    }
  }

  @Test
  void classifiersAdapterOfPeft_withAHeadOfItsOwn_equalsPeft_mergedOrNot() throws Exception {
    Path base = Fixtures.path("gpt_neox_reward");
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(base, adapter("neox_reward"), merged);
    SequenceClassifier model = classifier(base);
    float bare = score(model, Set.of());
    assertThatThrownBy(
            () ->
                Adapter.load(backend, adapters, "a", adapter("neox_reward"), model.targets(), true))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("score.weight")
        .hasMessageContaining("modules_to_save");
    Adapter loaded =
        Adapter.load(backend, adapters, "a", adapter("neox_reward"), model.targets(), false);
    try (SafetensorsFile golden = golden("neox_reward")) {
      float expected = golden.readFloats("adapter_logits")[0];
      assertThat(score(model, Set.of("a"))).isCloseTo(expected, within(LOGITS));
      assertThat(score(classifier(merged), Set.of())).isCloseTo(expected, within(LOGITS));
    }
    assertThat(score(model, Set.of())).isEqualTo(bare);
    loaded.detach();
    assertThat(score(model, Set.of("a"))).isEqualTo(bare);
  }

  /** On every linear layer, that before the head too; on types, with positions held whole. */
  @ParameterizedTest
  @ValueSource(strings = {"bert_all_linear", "bert_whole"})
  void classifiersAdapterOfPeft_equalsPeft_mergedOrNot(String name) throws Exception {
    Path base = Fixtures.path("bert_cls");
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(base, adapter(name), merged);
    SequenceClassifier model = classifier(base);
    Adapter.load(backend, adapters, "a", adapter(name), model.targets(), false);
    try (SafetensorsFile golden = golden(name)) {
      float[] expected = golden.readFloats("adapter_logits");
      assertLogits(model, Set.of("a"), expected);
      assertLogits(classifier(merged), Set.of(), expected);
    }
  }

  private void assertLogits(SequenceClassifier model, Set<String> active, float[] expected)
      throws Exception {
    float[][] found =
        model.logits(
            backend,
            memory.upload(row("bert_cls"), active),
            memory.batch(),
            memory.kept(),
            memory.scratch());
    assertThat(found[0]).usingComparatorWithPrecision(LOGITS).containsExactly(expected);
  }

  private SequenceClassifier classifier(Path path) throws Exception {
    try (ModelDirectory directory = ModelDirectory.open(path)) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .classifier();
    }
  }

  private float score(SequenceClassifier model, Set<String> active) throws Exception {
    return model
        .logits(
            backend,
            memory.upload(row("gpt_neox_reward"), active),
            memory.batch(),
            memory.kept(),
            memory.scratch())[0][0];
  }

  /** Whichever tensors the base has of those that are one. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "encoder.embed_tokens",
        "decoder.embed_tokens",
        "encoder.embed_tokens decoder.embed_tokens",
        "shared encoder.embed_tokens",
        "shared encoder.embed_tokens decoder.embed_tokens lm_head",
      })
  void adapterOfEmbeddings_mergedIntoAT5OfOtherNames_equalsPeft(String names) throws Exception {
    Path base = folder.resolve("base");
    Path merged = folder.resolve("merged");
    StoredTables.store(names, base);
    AdapterMerger.merge(base, adapter("t5_all"), merged);

    try (SafetensorsFile golden = golden("t5_all")) {
      float[] expected = golden.readFloats("adapter_logits");
      assertLogits(model(merged), "t5_plain", Set.of(), expected);
      LanguageModel model = model(base);
      Adapter.load(backend, adapters, "a", adapter("t5_all"), model.targets(), false);
      assertLogits(model, "t5_plain", Set.of("a"), expected);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "neox_dora, llama, dense",
    "llama_lora_tables, gemma2_capped, base_layer",
    "llama_resized, llama, cantilever merge",
    "llama_resized_branches, llama, cantilever merge",
    "qwen2_resized_tied, qwen2, cantilever merge",
    "llama_pissa_head, mistral, less what its branch began from",
    "qwen2_pissa_tied, qwen2, which is the embedding of tokens as well",
    "gpt2_olora_tied, gpt2, taken off both",
    "qwen2_pissa_both, qwen2, 'lm_head', which is the embedding of tokens as well",
    "qwen2_pissa_both, gpt2, which the model does not have",
    "t5_resized, t5_plain, cantilever merge",
    "t5_resized_shared, t5_plain, cantilever merge",
  })
  void adapter_thatTheModelCannotTake_isRefusedByName(String name, String base, String what)
      throws Exception {
    LanguageModel model = model(Fixtures.path(base));
    assertThatThrownBy(
            () -> Adapter.load(backend, adapters, "a", adapter(name), model.targets(), false))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(what);
  }
}
