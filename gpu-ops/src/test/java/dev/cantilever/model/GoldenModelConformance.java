package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.adapter.AdapterMerger;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelDirectory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole models against what transformers and peft computed for the reference checkpoints, which are
 * of F32: a backend is opened so that it rounds nothing below that.
 */
public abstract class GoldenModelConformance extends ModelConformance {

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final float LOGITS = 2e-4f;

  /** Of gradients, norm of the difference over norm: the tolerance stated with the fixtures. */
  private static final double GRADIENTS = 1e-3;

  @TempDir Path folder;

  /** Those without an encoder. */
  static Stream<String> causalFixtures() {
    return Stream.of(
        "gpt_neox",
        "llama",
        "mistral",
        "qwen2",
        "gpt2",
        "opt",
        "bloom",
        "qwen3",
        "gemma",
        "gemma2",
        "gemma2_capped",
        "phi",
        "phi3",
        "phi3_window",
        "phi3_beyond",
        "phi3_crossing",
        "llama_dynamic",
        "gpt_neox_dynamic");
  }

  static Stream<String> languageFixtures() {
    return Stream.concat(causalFixtures(), Stream.of("flan_t5", "t5_plain", "t5_untied"));
  }

  private LanguageModel languageModel(String fixture, BasePrecision precision) throws Exception {
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path(fixture))) {
      return new ModelLoader(backend, directory, precision, weights, Optional.empty())
          .languageModel();
    }
  }

  private static ModelGolden golden(String fixture) throws Exception {
    return ModelGolden.open(Fixtures.path(fixture));
  }

  /** Whose rows went through it in one batch. */
  private static LanguageModel ofBatch(LanguageModel model, ModelGolden golden) throws Exception {
    return model.forRowsOf(golden.modelRows().tokens().longest());
  }

  private float largestLogitError(
      LanguageModel model, ModelGolden golden, String name, Set<String> active) throws Exception {
    ModelRows rows = golden.modelRows();
    float[] found = ofBatch(model, golden).logits(backend, memory, rows, active);
    float[] expected = golden.valid(name, model.vocabSize());
    assertThat(found).hasSameSizeAs(expected);
    float largest = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs(found[i] - expected[i]));
    }
    return largest;
  }

  @ParameterizedTest
  @MethodSource("languageFixtures")
  void language_logits_equalTransformers(String fixture) throws Exception {
    try (ModelGolden golden = golden(fixture)) {
      LanguageModel model = languageModel(fixture, BasePrecision.STORED);
      assertThat(largestLogitError(model, golden, "logits", Set.of())).isLessThan(LOGITS);
    }
  }

  @ParameterizedTest
  @MethodSource("languageFixtures")
  void language_adapterOnAndOff_equalPeftAndBase(String fixture) throws Exception {
    try (ModelGolden golden = golden(fixture)) {
      LanguageModel model = languageModel(fixture, BasePrecision.STORED);
      Adapter.load(
          backend, adapters, "a", Fixtures.path(fixture + "/adapter"), model.targets(), true);
      assertThat(largestLogitError(model, golden, "adapter_logits", Set.of("a")))
          .isLessThan(LOGITS);
      assertThat(largestLogitError(model, golden, "logits", Set.of())).isLessThan(LOGITS);
    }
  }

  @ParameterizedTest
  @MethodSource("languageFixtures")
  void language_greedy_equalsTransformers(String fixture) throws Exception {
    try (ModelGolden golden = golden(fixture)) {
      LanguageModel model = languageModel(fixture, BasePrecision.STORED);
      TokenRows prompt = golden.rows().slice(0, 1);
      int[] expected = golden.ints("greedy");
      int[] begun = golden.begun();
      GenerationSpec spec =
          new GenerationSpec(Set.of(), SamplingSpec.GREEDY, StopRule.never(), 0, 0, 4);
      List<Generation> found =
          new Generator(backend, model)
              .generate(
                  memory, prompt, new long[] {0}, new int[] {expected.length - begun.length}, spec);
      TokenRows whole = TokenRows.of(begun, found.get(0).tokens());
      assertThat(whole.ids()).isEqualTo(expected);
    }
  }

  /** The others have other lengths, enter and end at other times, and cross at others too. */
  @ParameterizedTest
  @ValueSource(strings = {"llama", "phi3_crossing", "llama_dynamic", "gpt_neox_dynamic"})
  void language_greedyBesideOtherRows_equalsTransformers(String fixture) throws Exception {
    try (ModelGolden golden = golden(fixture)) {
      LanguageModel model = languageModel(fixture, BasePrecision.STORED);
      int[] expected = golden.ints("greedy");
      int[] prompt = golden.begun();
      int[] limits = {7, expected.length - prompt.length, 3, 20, expected.length - prompt.length};
      TokenRows rows =
          TokenRows.of(
              Arrays.copyOf(prompt, 3),
              prompt,
              Arrays.copyOf(expected, 19),
              Arrays.copyOf(prompt, 11),
              prompt);
      GenerationSpec spec =
          new GenerationSpec(Set.of(), SamplingSpec.GREEDY, StopRule.never(), 0, 0, 3);
      List<Generation> found =
          new Generator(backend, model).generate(memory, rows, new long[5], limits, spec);
      assertThat(TokenRows.of(prompt, found.get(1).tokens()).ids()).isEqualTo(expected);
      assertThat(TokenRows.of(prompt, found.get(4).tokens()).ids()).isEqualTo(expected);
    }
  }

  @ParameterizedTest
  @MethodSource("languageFixtures")
  void language_mergedLogits_equalPeft(String fixture) throws Exception {
    Path merged = folder.resolve("merged");
    AdapterMerger.merge(Fixtures.path(fixture), Fixtures.path(fixture + "/adapter"), merged);
    try (ModelGolden golden = golden(fixture);
        ModelDirectory directory = ModelDirectory.open(merged)) {
      LanguageModel model =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .languageModel();
      assertThat(largestLogitError(model, golden, "merged_logits", Set.of())).isLessThan(LOGITS);
    }
  }

  @ParameterizedTest
  @MethodSource("languageFixtures")
  void language_adapterSaved_isPeftsFileAgain(String fixture) throws Exception {
    LanguageModel model = languageModel(fixture, BasePrecision.STORED);
    Path original = Fixtures.path(fixture + "/adapter");
    Path saved = folder.resolve("saved");
    Adapter.load(backend, adapters, "a", original, model.targets(), false).save(saved);
    try (AdapterDirectory expected = AdapterDirectory.open(original);
        AdapterDirectory found = AdapterDirectory.open(saved)) {
      assertThat(found.modules()).isEqualTo(expected.modules());
      for (LoraModule module : expected.modules().values()) {
        assertThat(found.readA(module)).isEqualTo(expected.readA(module));
        assertThat(found.readB(module)).isEqualTo(expected.readB(module));
      }
    }
  }

  static Stream<Arguments> fixturesAndPlans() {
    return languageFixtures()
        .flatMap(
            fixture ->
                Stream.of("everything", "products", "blockInputs")
                    .map(kept -> Arguments.of(fixture, kept)));
  }

  @ParameterizedTest
  @MethodSource("fixturesAndPlans")
  void language_lossAndGradients_equalPeft_whateverIsKept(String fixture, String kept)
      throws Exception {
    KeepPlan plan =
        switch (kept) {
          case "everything" -> KeepPlan.everything();
          case "products" -> KeepPlan.products();
          default -> KeepPlan.blockInputs();
        };
    try (ModelGolden golden = golden(fixture)) {
      LanguageModel model = languageModel(fixture, BasePrecision.STORED);
      Adapter adapter =
          Adapter.load(
              backend, adapters, "a", Fixtures.path(fixture + "/adapter"), model.targets(), true);
      for (Parameter parameter : adapter.parameters()) {
        backend.transfers().zero(parameter.gradient());
      }
      ResponseRows rows = golden.predictedRows();
      double scale = 1.0 / rows.predicted();
      double total =
          new LanguageLoss(backend, ofBatch(model, golden), Set.of("a"), plan)
              .train(memory, rows, scale, OptionalLong.empty());
      assertThat(total * scale)
          .isCloseTo(golden.floats("adapter_loss")[0], within((double) LOGITS));
      for (Map.Entry<String, float[]> gradient : adapter.gradients().entrySet()) {
        float[] found = gradient.getValue();
        float[] expected = golden.floats("grad." + gradient.getKey());
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < found.length; i++) {
          difference += Math.pow((double) found[i] - expected[i], 2);
          norm += Math.pow(expected[i], 2);
        }
        assertThat(Math.sqrt(difference / norm)).as(gradient.getKey()).isLessThan(GRADIENTS);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "distilbert_cls",
        "gpt_neox_reward",
        "bert_cls",
        "roberta_cls",
        "deberta_v2_cls",
        "deberta_v2_conv_cls"
      })
  void classifier_logits_equalTransformers(String fixture) throws Exception {
    try (ModelGolden golden = golden(fixture);
        ModelDirectory directory = ModelDirectory.open(Fixtures.path(fixture))) {
      SequenceClassifier model =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .classifier();
      TokenRows rows = golden.rows();
      float[][] found =
          model.logits(
              backend,
              memory.upload(rows, Set.of()),
              memory.batch(),
              memory.kept(),
              memory.scratch());
      float[] expected = golden.floats("logits");
      for (int r = 0; r < found.length; r++) {
        for (int label = 0; label < found[r].length; label++) {
          assertThat(found[r][label])
              .isCloseTo(expected[r * found[r].length + label], within(LOGITS));
        }
      }
    }
  }
}
