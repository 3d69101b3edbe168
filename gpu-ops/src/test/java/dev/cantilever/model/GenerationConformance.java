package dev.cantilever.model;

import static dev.cantilever.backend.Closeness.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cantilever.OpsException;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Decoding steps that a device repeats by itself say what their operations say one by one. */
public abstract class GenerationConformance {

  private static final int[][] QUERIES = {{5, 9, 11}, {7}, {3, 4, 80, 2}, {1, 95, 17, 60, 33}};

  private static final long[] IDS = {10, 11, (1L << 40) + 3, -2};

  /** Rows end one after the other, with enough steps in between for each number of rows. */
  private static final int[] LIMITS = {9, 14, 5, 20};

  /** V of the fixture. */
  private static final int VOCABULARY = 96;

  private static final Set<String> ADAPTER = Set.of(FixturePolicy.NAME);

  /** Opens the backend under test; whoever asks for it closes it. */
  protected abstract Backend open();

  private FixturePolicy policy(boolean recorded) throws IOException {
    Backend backend = open();
    FixturePolicy policy =
        new FixturePolicy(
            recorded ? backend : new UnrecordedBackend(backend),
            "gpt_neox",
            1,
            KeepPlan.blockInputs());
    policy.wakeAdapter();
    return policy;
  }

  private static List<Generation> generate(FixturePolicy policy, Set<String> adapters, long seed) {
    return policy.generate(TokenRows.of(QUERIES), IDS, LIMITS, 4, adapters, seed);
  }

  private static void assertSame(List<Generation> actual, List<Generation> expected) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int r = 0; r < expected.size(); r++) {
      assertThat(actual.get(r).tokens()).as("row " + r).isEqualTo(expected.get(r).tokens());
      assertSameBits("row " + r, actual.get(r).logprobs(), expected.get(r).logprobs());
    }
  }

  @Test
  void responses_rowsEndingInBetween_areThoseOfTheOperationsCalled() throws IOException {
    List<Generation> expected;
    try (FixturePolicy called = policy(false)) {
      expected = generate(called, ADAPTER, 1);
    }
    try (FixturePolicy recorded = policy(true)) {
      assertSame(generate(recorded, ADAPTER, 1), expected);
      assertSame(
          recorded.generate(TokenRows.of(QUERIES), IDS, LIMITS, 3, ADAPTER, 1),
          expected); // in two waves
    }
  }

  @Test
  void responses_ofOneGenerationAfterAnother_followTheirOwnAdapterAndSeed() throws IOException {
    List<List<Generation>> expected;
    try (FixturePolicy called = policy(false)) {
      expected = oneAfterAnother(called);
    }
    try (FixturePolicy recorded = policy(true)) {
      List<List<Generation>> actual = oneAfterAnother(recorded);
      for (int g = 0; g < expected.size(); g++) {
        assertSame(actual.get(g), expected.get(g));
      }
      assertThat(actual.stream().map(each -> Arrays.toString(each.get(3).logprobs())))
          .doesNotHaveDuplicates();
    }
  }

  private static List<List<Generation>> oneAfterAnother(FixturePolicy policy) {
    List<List<Generation>> all = new ArrayList<>();
    all.add(generate(policy, ADAPTER, 1));
    all.add(generate(policy, Set.of(), 1));
    all.add(generate(policy, ADAPTER, 2));
    policy.wakeAdapter(9);
    all.add(generate(policy, ADAPTER, 1));
    return all;
  }

  @Test
  void generate_logitsThatAreNoNumbersInALaterStep_saysWhichAsTheOperationsDo() throws IOException {
    int[] limits = {12, 12, 12, 12};
    List<Generation> whole;
    Throwable expected;
    try (FixturePolicy called = policy(false)) {
      whole = called.generate(TokenRows.of(QUERIES), IDS, limits, 4, ADAPTER, 1);
      expected = failure(called, whole, limits);
    }
    try (FixturePolicy recorded = policy(true)) {
      Throwable failure = failure(recorded, whole, limits);
      assertThat(failure).isInstanceOf(OpsException.class).hasMessage(expected.getMessage());
      assertThat(failure).hasMessageStartingWith("sample: ");
      assertSame(recorded.generate(TokenRows.of(QUERIES), IDS, limits, 4, ADAPTER, 1), whole);
    }
  }

  /** Generates again where a token that is drawn late has no number as its embedding. */
  private static Throwable failure(FixturePolicy policy, List<Generation> whole, int[] limits) {
    int token = drawnLate(whole);
    float[] kept = policy.embedding(token);
    float[] broken = new float[kept.length];
    Arrays.fill(broken, Float.NaN);
    policy.embed(token, broken);
    Throwable failure =
        catchThrowable(() -> policy.generate(TokenRows.of(QUERIES), IDS, limits, 4, ADAPTER, 1));
    policy.embed(token, kept);
    return failure;
  }

  /** A token of no query that no row draws before its fourth, but one does before its last. */
  private static int drawnLate(List<Generation> whole) {
    return IntStream.range(0, VOCABULARY)
        .filter(t -> Arrays.stream(QUERIES).flatMapToInt(Arrays::stream).noneMatch(q -> q == t))
        .filter(
            t -> {
              int first = whole.stream().mapToInt(g -> firstIndex(g.tokens(), t)).min().orElse(0);
              return first >= 3 && first < 11;
            })
        .findFirst()
        .orElseThrow();
  }

  private static int firstIndex(int[] tokens, int token) {
    return IntStream.range(0, tokens.length)
        .filter(i -> tokens[i] == token)
        .findFirst()
        .orElse(tokens.length);
  }
}
