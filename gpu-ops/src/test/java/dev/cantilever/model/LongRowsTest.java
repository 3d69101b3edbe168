package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.autograd.Tape;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.SamplingSpec;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.Pass;
import dev.cantilever.nn.TokenSelection;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Rows beyond the positions that a model of {@code longrope} was first trained on. */
class LongRowsTest {

  private static final int ORIGINAL = 18; // of 64

  private static Architecture architecture(String fixture) throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path(fixture));
    return Families.of(config).architecture(config);
  }

  private static LanguageModel model(Backend backend, Arena weights) throws IOException {
    try (ModelDirectory directory = ModelDirectory.open(Fixtures.path("phi3_crossing"))) {
      return new ModelLoader(backend, directory, BasePrecision.STORED, weights, Optional.empty())
          .languageModel();
    }
  }

  @Test
  void forRowsOf_lengthBeyond_turnsAllByTheLongFactors() throws IOException {
    Architecture phi3 = architecture("phi3_crossing");
    Architecture beyond = phi3.forRowsOf(ORIGINAL + 1);

    assertThat(phi3.forRowsOf(ORIGINAL)).isSameAs(phi3);
    assertThat(phi3.block().attention(1).rotary().frequencies())
        .containsExactly(1 / 1.1, 1 / 175.0);
    assertThat(beyond.block().attention(1).rotary().frequencies())
        .containsExactly(1 / 2.0, 1 / 700.0);
    assertThat(beyond.forRowsOf(1)).isSameAs(beyond);
    assertThat(beyond.takesTogether(1, 64)).isTrue();
    assertThat(phi3.takesTogether(1, ORIGINAL)).isTrue();
    assertThat(phi3.takesTogether(ORIGINAL, ORIGINAL + 1)).isFalse();
    assertThat(phi3.takesTogether(ORIGINAL + 1, 64)).isTrue();
    assertThat(architecture("llama").takesTogether(1, 64)).isTrue();
  }

  @Test
  void row_beyondThePositionsOfTheConfig_isRefused() throws IOException {
    Architecture phi3 = architecture("phi3_crossing");

    TokenRows.of(new int[64]).requireFits(phi3);
    assertThatThrownBy(() -> TokenRows.of(new int[65]).requireFits(phi3))
        .isInstanceOf(CheckpointException.class)
        .hasMessage(
            "Row 0: expected 1 to 64 tokens, which is what the model takes, found 65. Shorten the texts.");
  }

  @Test
  void pass_overRowsOfBothKinds_isRefusedNamingTheRow() throws IOException {
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);
      Tape tape = Tape.inference(backend, memory.kept(), memory.scratch());
      TokenRows rows = TokenRows.of(new int[ORIGINAL], new int[ORIGINAL + 1]);
      Pass pass = Pass.plain(tape, memory.upload(rows, Set.of()));
      TokenSelection selection = new TokenSelection(memory.ints(new int[] {0}));

      assertThatThrownBy(() -> model.transformer().forward(pass, selection))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("Row 1: expected a row that turns by the same table as row 0 of")
          .hasMessageContaining("18 tokens, got 19 tokens");
      model.forRowsOf(ORIGINAL + 1).transformer().forward(pass, selection);
    }
  }

  @Test
  void loss_ofALongRowBeforeAShortOne_isRefused() throws IOException {
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageLoss loss =
          new LanguageLoss(backend, model(backend, weights), Set.of(), KeepPlan.everything());
      TokenRows rows = TokenRows.of(new int[ORIGINAL + 1], new int[ORIGINAL]);

      assertThatThrownBy(() -> loss.totals(memory, ResponseRows.ofTexts(rows)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("19 tokens, got 18 tokens");
    }
  }

  @Test
  void scores_ofALongRowBeforeAShortOne_areRefused() throws IOException {
    TokenRows rows = TokenRows.of(new int[ORIGINAL + 1], new int[ORIGINAL]);
    ModelConfig config = ModelConfig.read(Fixtures.path("phi3_crossing"));
    try (Backend backend = Backends.meta(BackendKind.CPU, 64 << 20);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      SequenceClassifier model =
          new ModelLoader(
                  backend,
                  WeightSource.synthetic(config, 3).withoutData(),
                  BasePrecision.STORED,
                  weights,
                  Optional.empty())
              .classifier();

      assertThatThrownBy(() -> score(backend, memory, model, rows))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("19 tokens, got 18 tokens");
      score(backend, memory, model.forRowsOf(ORIGINAL + 1), rows);
    }
  }

  private static void score(
      Backend backend, PassMemory memory, SequenceClassifier model, TokenRows rows) {
    memory.reset();
    model.logits(
        backend, memory.upload(rows, Set.of()), memory.batch(), memory.kept(), memory.scratch());
  }

  @Test
  void logits_ofRowsOfBothKinds_areThoseOfEachAlone() throws IOException {
    int[] within = {5, 9, 11, 80, 2};
    int[] beyond = new int[ORIGINAL + 3];
    beyond[4] = 7;
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);
      float[] all = model.logits(backend, memory, TokenRows.of(within, beyond, within), Set.of());
      float[] first = model.logits(backend, memory, TokenRows.of(within), Set.of());
      float[] second = model.logits(backend, memory, TokenRows.of(beyond), Set.of());

      assertThat(all).startsWith(first).endsWith(first);
      assertThat(all).containsSequence(second);
      assertThat(model.forRowsOf(64).logits(backend, memory, TokenRows.of(within), Set.of()))
          .isNotEqualTo(first);
    }
  }

  /** Of a row that crosses, early tokens are drawn by other positions than they are scored by. */
  @Test
  void responses_ofTheFormForTheLongestRow_areScoredAsTheyWereDrawn() throws IOException {
    try (Backend backend = Backends.cpu(64 << 20, 1);
        Arena weights = backend.budget().open("weights", Purpose.BASE_WEIGHTS);
        PassMemory memory = new PassMemory(backend, "test")) {
      LanguageModel model = model(backend, weights);

      assertThat(largestGap(backend, memory, model.forRowsOf(30))).isLessThan(1e-4);
      assertThat(largestGap(backend, memory, model)).isGreaterThan(0.1);
    }
  }

  /** Between the log-probabilities of responses as drawn and as scored, by row. */
  private static double largestGap(Backend backend, PassMemory memory, LanguageModel model) {
    int[][] queries = {{5, 9, 11}, {7, 1, 2, 3, 4, 5, 6, 7, 8, 9}};
    GenerationSpec spec =
        new GenerationSpec(Set.of(), SamplingSpec.PLAIN, StopRule.never(), 3, 0, 2);
    List<Generation> drawn =
        new Generator(backend, model)
            .generate(memory, TokenRows.of(queries), new long[] {1, 2}, new int[] {9, 20}, spec);
    LanguageLoss loss = new LanguageLoss(backend, model, Set.of(), KeepPlan.everything());
    double largest = 0;
    for (int row = 0; row < queries.length; row++) {
      int[][] response = {drawn.get(row).tokens()};
      double scored = loss.totals(memory, ResponseRows.of(new int[][] {queries[row]}, response))[0];
      for (float logprob : drawn.get(row).logprobs()) {
        scored += logprob;
      }
      largest = Math.max(largest, Math.abs(scored));
    }
    return largest;
  }
}
