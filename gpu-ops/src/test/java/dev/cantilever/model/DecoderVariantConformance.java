package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.adapter.Adapter;
import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Decoders with settings that no fixture has, against their formulas in double precision. */
public abstract class DecoderVariantConformance extends ModelConformance {

  private static final TokenRows ROWS =
      TokenRows.of(new int[] {5, 9, 11, 80, 2, 33, 9}, new int[] {7}, new int[] {1, 95, 17, 60});

  /** Of logits, in fp32: the tolerance stated with the fixtures. */
  private static final double LOGITS = 2e-4;

  @TempDir Path folder;

  static List<String> variants() {
    return DecoderVariant.names().toList();
  }

  private LanguageModel load(Path checkpoint) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(checkpoint)) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void logits_areThoseOfTheFormulas(String variant) throws IOException {
    Path checkpoint = DecoderVariant.checkpoint(variant, folder);
    LanguageModel model = load(checkpoint);

    float[] found = model.logits(backend, memory, ROWS, Set.of());

    int at = 0;
    try (ModelDirectory directory = ModelDirectory.open(checkpoint)) {
      for (int row = 0; row < ROWS.rows(); row++) {
        for (double[] expected : DecoderVariant.of(variant).logits(directory, ROWS.row(row))) {
          for (double logit : expected) {
            assertThat((double) found[at++]).isCloseTo(logit, within(LOGITS));
          }
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void scoreHead_readsTheLastTokenOfEachRow(String variant) throws IOException {
    Path checkpoint = DecoderVariant.checkpoint(variant, folder);
    try (ModelDirectory directory = ModelDirectory.open(checkpoint)) {
      SequenceClassifier model =
          new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
              .classifier();

      List<float[]> found = new ArrayList<>();
      for (int from = 0; from < ROWS.rows(); from = found.size()) {
        int to = ROWS.endOfPass(model.transformer().architecture(), from, Integer.MAX_VALUE);
        memory.reset();
        float[][] logits =
            model.logits(
                backend,
                memory.upload(ROWS.slice(from, to), Set.of()),
                memory.batch(),
                memory.kept(),
                memory.scratch());
        found.addAll(Arrays.asList(logits));
      }

      for (int row = 0; row < ROWS.rows(); row++) {
        double[] expected = DecoderVariant.of(variant).scores(directory, ROWS.row(row));
        for (int label = 0; label < expected.length; label++) {
          assertThat((double) found.get(row)[label]).isCloseTo(expected[label], within(LOGITS));
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void generation_overTheCache_takesTheLargestLogit(String variant) throws IOException {
    Path checkpoint = DecoderVariant.checkpoint(variant, folder);
    LanguageModel model = load(checkpoint);
    GenerationSpec spec =
        new GenerationSpec(Set.of(), SamplingSpec.GREEDY, StopRule.never(), 0, 0, 4);

    int[] row = ROWS.row(0);
    int[] drawn =
        new Generator(backend, model)
            .generate(memory, TokenRows.of(row), new long[] {0}, new int[] {8}, spec)
            .get(0)
            .tokens();

    int[] whole = TokenRows.of(row, drawn).ids();
    try (ModelDirectory directory = ModelDirectory.open(checkpoint)) {
      for (int t = row.length; t < whole.length; t++) {
        int[] before = Arrays.copyOf(whole, t);
        double[] expected = DecoderVariant.of(variant).logits(directory, before)[t - 1];
        double largest = Arrays.stream(expected).max().orElseThrow();
        assertThat(expected[whole[t]]).isCloseTo(largest, within(LOGITS));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("variants")
  void adapterSaved_andLoaded_isTheSameFile(String variant) throws IOException {
    LanguageModel model = load(DecoderVariant.checkpoint(variant, folder));
    AdapterConfig config =
        AdapterConfig.of(3, 6, new TargetModules.AllLinear(), TaskType.CAUSAL_LM);
    Path first = folder.resolve("first");
    Path second = folder.resolve("second");
    Adapter fresh = Adapter.fresh(backend, adapters, "a", config, model.targets(), 3);
    for (Parameter parameter : fresh.parameters()) {
      float[] values = new float[Math.toIntExact(parameter.value().elements())];
      for (int i = 0; i < values.length; i++) {
        values[i] = i;
      }
      backend.transfers().upload(parameter.value(), values);
    }

    fresh.save(first);
    Adapter.load(backend, adapters, "b", first, model.targets(), false).save(second);

    try (AdapterDirectory expected = AdapterDirectory.open(first);
        AdapterDirectory found = AdapterDirectory.open(second)) {
      assertThat(found.config()).isEqualTo(expected.config());
      for (LoraModule module : expected.modules().values()) {
        assertThat(found.readA(module)).isEqualTo(expected.readA(module));
        assertThat(found.readB(module)).isEqualTo(expected.readB(module));
      }
    }
  }
}
