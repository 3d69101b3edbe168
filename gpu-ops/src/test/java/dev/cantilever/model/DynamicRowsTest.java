package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.RotarySpec;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of {@code dynamic} positions, which have a table for each length beyond the original. */
class DynamicRowsTest {

  private static final int ORIGINAL = 18;

  /** Within the original positions, at their end and beyond; two of the same length there. */
  private static final int[] LENGTHS = {5, 20, 18, 1, 25, 20, 19};

  private static Architecture architecture(String fixture) throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path(fixture));
    return Families.of(config).architecture(config);
  }

  private static LanguageModel model(Backend backend, Arena weights) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path("llama_dynamic"))) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  private static TokenRows rows() {
    return TokenRows.of(
        Arrays.stream(LENGTHS)
            .mapToObj(length -> IntStream.range(0, length).map(t -> 3 + (length + 7 * t) % 90))
            .map(IntStream::toArray)
            .toArray(int[][]::new));
  }

  private static GenerationSpec sampling(int maxRows) {
    return new GenerationSpec(Set.of(), SamplingSpec.PLAIN, StopRule.never(), 3, 0, maxRows);
  }

  @Test
  void forRowsOf_lengthsBeyond_haveATableEach() throws IOException {
    Architecture llama = architecture("llama_dynamic");

    assertThat(llama.forRowsOf(ORIGINAL)).isSameAs(llama);
    assertThat(llama.block().attention(1).rotary()).isEqualTo(RotarySpec.unscaled(8, 10_000));
    List<RotarySpec> tables =
        IntStream.of(ORIGINAL, 19, 20, 64)
            .mapToObj(tokens -> llama.forRowsOf(tokens).block().attention(1).rotary())
            .toList();
    assertThat(tables).doesNotHaveDuplicates();
    assertThat(llama.forRowsOf(20).forRowsOf(64)).isEqualTo(llama.forRowsOf(20));
  }

  @Test
  void takesTogether_rowsOfOneTable() throws IOException {
    Architecture llama = architecture("llama_dynamic");

    assertThat(llama.takesTogether(1, ORIGINAL)).isTrue();
    assertThat(llama.takesTogether(ORIGINAL, ORIGINAL + 1)).isFalse();
    assertThat(llama.takesTogether(ORIGINAL + 1, ORIGINAL)).isFalse();
    assertThat(llama.takesTogether(ORIGINAL + 1, ORIGINAL + 2)).isFalse();
    assertThat(llama.takesTogether(64, 64)).isTrue();
    assertThat(llama.forRowsOf(64).takesTogether(1, 64)).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama_dynamic", "gpt_neox_dynamic"})
  void row_farBeyondThePositionsOfTheConfig_isTaken(String fixture) throws IOException {
    TokenRows.of(new int[100_000]).requireFits(architecture(fixture));
  }

  @Test
  void logits_ofRowsOfManyTables_areThoseOfEachAlone() throws IOException {
    TokenRows rows = rows();
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);

      float[] all = model.logits(backend, memory, rows, Set.of());

      for (int row = 0; row < rows.rows(); row++) {
        TokenRows alone = rows.slice(row, row + 1);
        int from = rows.offsets()[row] * model.vocabSize();
        float[] expected = model.logits(backend, memory, alone, Set.of());
        assertThat(Arrays.copyOfRange(all, from, from + expected.length)).isEqualTo(expected);
        assertThat(model.forRowsOf(rows.length(row)).logits(backend, memory, alone, Set.of()))
            .isEqualTo(expected);
      }
      assertThat(model.forRowsOf(64).logits(backend, memory, rows, Set.of())).isNotEqualTo(all);
    }
  }

  @Test
  void pass_overRowsOfTwoTables_isRefusedNamingTheRow() throws IOException {
    TokenRows rows = TokenRows.of(new int[20], new int[20], new int[19]);
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageLoss loss =
          new LanguageLoss(backend, model(backend, weights), Set.of(), KeepPlan.everything());

      assertThatThrownBy(() -> loss.totals(memory, ResponseRows.ofTexts(rows)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(
              "Row 2: expected a row that turns by the same table as row 0 of 20");
    }
  }

  /** Rows of other lengths are beside them, and enter before or behind them. */
  @ParameterizedTest
  @CsvSource({"1, 8", "3, 1", "3, 8", "7, 8"})
  void response_doesNotDependOnRowsBesideIt(int maxRows, int mostSteps) throws IOException {
    TokenRows rows = rows();
    long[] ids = LongStream.range(0, rows.rows()).toArray();
    int[] limits = {30, 9, 4, 25, 1, 12, 3};
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);

      List<Generation> together =
          new Generator(backend, model, mostSteps)
              .generate(memory, rows, ids, limits, sampling(maxRows));

      for (int row = 0; row < rows.rows(); row++) {
        Generation alone =
            new Generator(backend, model, 1)
                .generate(
                    memory,
                    rows.slice(row, row + 1),
                    new long[] {row},
                    new int[] {limits[row]},
                    sampling(1))
                .get(0);
        assertThat(together.get(row).tokens()).isEqualTo(alone.tokens());
        assertThat(together.get(row).logprobs()).isEqualTo(alone.logprobs());
      }
    }
  }

  /** As a run does that settles one table for all of its rows. */
  @Test
  void responses_ofTheFormForTheLongestRow_areScoredAsTheyWereDrawn() throws IOException {
    int[][] query = {{5, 9, 11}};
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);

      assertThat(gap(backend, memory, model.forRowsOf(40), query)).isLessThan(1e-4);
      assertThat(gap(backend, memory, model, query)).isGreaterThan(0.1);
    }
  }

  /** Between the log-probability of a response as drawn and as scored. */
  private static double gap(
      Backend backend, PassMemory memory, LanguageModel model, int[][] query) {
    Generation drawn =
        new Generator(backend, model)
            .generate(memory, TokenRows.of(query), new long[] {1}, new int[] {37}, sampling(1))
            .get(0);
    double gap =
        new LanguageLoss(backend, model, Set.of(), KeepPlan.everything())
            .totals(memory, ResponseRows.of(query, new int[][] {drawn.tokens()}))[0];
    for (float logprob : drawn.logprobs()) {
      gap += logprob;
    }
    return Math.abs(gap);
  }

  @ParameterizedTest
  @EnumSource(BackendKind.class)
  void plan_ofRowsBeyond_isMade(BackendKind device) throws IOException {
    TokenRows rows = rows();
    int[] limits = new int[rows.rows()];
    Arrays.fill(limits, 30);
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path("llama_dynamic"));
        Backend backend = Backends.meta(device, 1L << 30);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model =
          new ModelLoader(
                  backend,
                  WeightSource.of(directory).withoutData(),
                  BasePrecision.STORED,
                  weights,
                  Optional.empty())
              .languageModel();

      List<Generation> drawn =
          new Generator(backend, model)
              .generate(memory, rows, new long[rows.rows()], limits, sampling(3));

      assertThat(drawn).allMatch(generation -> generation.tokens().length == 30);
    }
  }
}
