package dev.cantilever.model;

import static dev.cantilever.backend.Closeness.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.LayerSelection;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraRanks;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.hub.TaskType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What reinforcement learning takes for granted of a whole model in weight-only int8, to the bit
 * and on every backend: nothing depends on which rows share a pass, on how many do, or on the run.
 */
public abstract class PolicyModelConformance {

  private static final int AMPLE = 10_000;

  private static final int[][] QUERIES = {
    {5, 9, 11}, {7}, {3, 4, 80, 2}, {1, 95, 17, 60, 33, 21, 8, 8, 40, 2, 77, 50, 6, 13, 29, 31, 90}
  };

  private static final int[] LIMITS = {9, 12, 5, 20};

  private static final long[] IDS = {10, 11, 1L << 40, 12};

  /** A loss whose gradient at a token depends on that token alone. */
  private static final TokenLoss LOSS = (firstRow, scores) -> gradients(scores);

  /** Opens the backend under test; whoever asks for it closes it. */
  protected abstract Backend open();

  private FixturePolicy policy(String fixture, int maxTokens, KeepPlan keep) throws IOException {
    return new FixturePolicy(open(), fixture, maxTokens, keep);
  }

  private static TokenGradients gradients(TokenScores scores) {
    float[] logprobs = scores.logprobs().clone();
    float[] values = scores.values().clone();
    for (int m = 0; m < logprobs.length; m++) {
      logprobs[m] = 0.01f * logprobs[m];
      values[m] = 0.02f * (values[m] - 1);
    }
    return new TokenGradients(logprobs, values);
  }

  /** Queries with responses of the lengths of {@link #LIMITS}. */
  private static ResponseRows rows() {
    int[][] responses = new int[QUERIES.length][];
    for (int r = 0; r < responses.length; r++) {
      int row = r;
      responses[r] = IntStream.range(0, LIMITS[r]).map(t -> (7 * t + 31 * row + 3) % 96).toArray();
    }
    return ResponseRows.of(QUERIES, responses);
  }

  /** Fixtures, and variants that are written for the tests. */
  static Stream<String> decoders() {
    return Stream.of(
        "gpt_neox",
        "llama",
        "mistral",
        "gpt2",
        "opt",
        "bloom",
        "qwen3",
        "OPT_350M",
        "GPTJ",
        "GEMMA2",
        "phi3_crossing",
        "flan_t5");
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void score_freshAdapter_isTheReferenceToTheBit(String fixture) throws IOException {
    try (FixturePolicy policy = policy(fixture, AMPLE, KeepPlan.everything())) {
      PolicyScores scores = policy.score(rows());
      assertThat(scores.fullKl()).containsOnly(0f);
      assertSameBits("log-probabilities", scores.policy().logprobs(), scores.referenceLogprobs());
    }
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void train_beforeAnyStep_hasTheBitsOfTheScores(String fixture) throws IOException {
    try (FixturePolicy model = policy(fixture, AMPLE, KeepPlan.everything())) {
      model.wakeAdapter();
      PolicyScores before = model.score(rows());
      assertThat(before.policy().logprobs()).isNotEqualTo(before.referenceLogprobs());
      List<TokenScores> seen = new ArrayList<>();
      model.train(
          rows(),
          (firstRow, scores) -> {
            seen.add(scores);
            return gradients(scores);
          });
      TokenScores policy = before.policy();
      assertSameBits("log-probabilities", joined(seen, TokenScores::logprobs), policy.logprobs());
      assertSameBits("entropies", joined(seen, TokenScores::entropy), policy.entropy());
      assertSameBits("values", joined(seen, TokenScores::values), policy.values());
    }
  }

  /** Of turns one after the other: rows within and beyond the original positions have their own. */
  private static float[] joined(List<TokenScores> turns, Function<TokenScores, float[]> of) {
    float[] all = new float[turns.stream().map(of).mapToInt(part -> part.length).sum()];
    int at = 0;
    for (TokenScores turn : turns) {
      float[] part = of.apply(turn);
      System.arraycopy(part, 0, all, at, part.length);
      at += part.length;
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void everyPass_rowsInTurns_hasTheSameBits(String fixture) throws IOException {
    PolicyScores scores;
    float[] gradients;
    try (FixturePolicy whole = policy(fixture, AMPLE, KeepPlan.everything())) {
      whole.wakeAdapter();
      scores = whole.score(rows());
      whole.train(rows(), LOSS);
      gradients = whole.gradients();
    }
    for (int maxTokens : new int[] {1, 40}) {
      try (FixturePolicy turns = policy(fixture, maxTokens, KeepPlan.everything())) {
        turns.wakeAdapter();
        assertSameScores(turns.score(rows()), scores);
        turns.train(rows(), LOSS);
        assertSameBits("gradients, " + maxTokens + " tokens", turns.gradients(), gradients);
      }
    }
  }

  private static void assertSameScores(PolicyScores actual, PolicyScores expected) {
    assertSameBits("log-probabilities", actual.policy().logprobs(), expected.policy().logprobs());
    assertSameBits("entropies", actual.policy().entropy(), expected.policy().entropy());
    assertSameBits("values", actual.policy().values(), expected.policy().values());
    assertSameBits("reference", actual.referenceLogprobs(), expected.referenceLogprobs());
    assertSameBits("divergences", actual.fullKl(), expected.fullKl());
  }

  /** Heads and embeddings that the policy holds whole, and biases of norms. */
  @ParameterizedTest
  @CsvSource({"gpt_neox, embed_in, embed_out", "gpt2, wte, lm_head", "GPTJ, wte, lm_head"})
  void whatIsHeldWhole_isThePolicysAlone_andBeginsAsTheReference(
      String fixture, String tokens, String head) throws IOException {
    assertThePolicysAlone(fixture, whole(tokens, head));
  }

  /** Branches of heads and embeddings, where these are one and the same tensor too. */
  @ParameterizedTest
  @CsvSource({"gpt_neox, embed_in, lm_head", "gpt2, wte, lm_head", "GPTJ, wte, lm_head"})
  void branchesOfTables_areThePolicysAlone_andBeginAsTheReference(
      String fixture, String tokens, String head) throws IOException {
    TargetModules targets = TargetModules.of(tokens, head);
    assertThePolicysAlone(fixture, AdapterConfig.of(4, 8, targets, TaskType.CAUSAL_LM));
  }

  private void assertThePolicysAlone(String fixture, AdapterConfig config) throws IOException {
    PolicyScores awake;
    float[] gradients;
    try (FixturePolicy policy = policy(fixture, config, AMPLE)) {
      PolicyScores fresh = policy.score(rows());
      assertThat(fresh.fullKl()).containsOnly(0f);
      assertSameBits("fresh", fresh.policy().logprobs(), fresh.referenceLogprobs());
      policy.wakeAdapter();
      awake = policy.score(rows());
      assertSameBits("reference", awake.referenceLogprobs(), fresh.referenceLogprobs());
      assertThat(awake.policy().logprobs()).isNotEqualTo(awake.referenceLogprobs());
      policy.train(rows(), LOSS);
      gradients = policy.gradients();
    }
    try (FixturePolicy turns = policy(fixture, config, 1)) {
      turns.wakeAdapter();
      assertSameScores(turns.score(rows()), awake);
      turns.train(rows(), LOSS);
      assertSameBits("gradients", turns.gradients(), gradients);
    }
  }

  private FixturePolicy policy(String fixture, AdapterConfig config, int maxTokens)
      throws IOException {
    return new FixturePolicy(open(), fixture, config, maxTokens, KeepPlan.products());
  }

  private static AdapterConfig whole(String... names) {
    ModuleSelection modules =
        new ModuleSelection(
            new TargetModules.AllLinear(),
            new TargetModules.None(),
            LayerSelection.ALL,
            List.of(names));
    return new AdapterConfig(
        LoraRanks.of(4, 8),
        0,
        modules,
        false,
        LoraBias.ALL,
        LoraInit.DEFAULT,
        false,
        TaskType.CAUSAL_LM,
        "");
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void train_whateverIsKept_hasTheSameBits(String fixture) throws IOException {
    List<float[]> all = new ArrayList<>();
    for (KeepPlan keep :
        List.of(KeepPlan.everything(), KeepPlan.products(), KeepPlan.blockInputs())) {
      try (FixturePolicy policy = policy(fixture, AMPLE, keep)) {
        policy.wakeAdapter();
        policy.train(rows(), LOSS);
        all.add(policy.gradients());
      }
    }
    assertThat(all.get(0)).isNotEqualTo(new float[all.get(0).length]);
    assertSameBits("products kept", all.get(1), all.get(0));
    assertSameBits("block inputs kept", all.get(2), all.get(0));
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void responses_sampled_dependOnNoNeighbour(String fixture) throws IOException {
    try (FixturePolicy policy = policy(fixture, AMPLE, KeepPlan.everything())) {
      policy.wakeAdapter();
      List<Generation> together = policy.generate(TokenRows.of(QUERIES), IDS, LIMITS, 4);
      for (int rowsAtOnce : new int[] {1, 3}) {
        List<Generation> some = policy.generate(TokenRows.of(QUERIES), IDS, LIMITS, rowsAtOnce);
        for (int r = 0; r < QUERIES.length; r++) {
          assertThat(some.get(r).tokens()).isEqualTo(together.get(r).tokens());
          assertSameBits("row " + r, some.get(r).logprobs(), together.get(r).logprobs());
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void steps_twice_leaveTheSameBytes(String fixture) throws IOException {
    float[] first = afterTwoSteps(fixture);
    assertSameBits("parameters", afterTwoSteps(fixture), first);
  }

  /** Samples, trains and steps twice; the parameters of the second step. */
  private float[] afterTwoSteps(String fixture) throws IOException {
    try (FixturePolicy policy = policy(fixture, 64, KeepPlan.products())) {
      float[] fresh = policy.parameters();
      for (int step = 0; step < 2; step++) {
        int[][] responses =
            policy.generate(TokenRows.of(QUERIES), IDS, LIMITS, 3).stream()
                .map(Generation::tokens)
                .toArray(int[][]::new);
        policy.train(ResponseRows.of(QUERIES, responses), LOSS);
        policy.step();
      }
      float[] trained = policy.parameters();
      assertThat(trained).isNotEqualTo(fresh);
      float kl = 0;
      for (float divergence : policy.score(rows()).fullKl()) {
        kl += divergence;
      }
      assertThat(kl).as("divergence after two steps").isPositive();
      return trained;
    }
  }
}
