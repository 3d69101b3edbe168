package dev.cantilever.model;

import static dev.cantilever.backend.Closeness.assertSameBits;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.cantilever.OpsException;
import dev.cantilever.autograd.KeepPlan;
import dev.cantilever.backend.Backend;
import dev.cantilever.nn.KvCacheSize;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Decoding steps that a device repeats by itself say what their operations say one by one, and a
 * response is the one of its row alone, whichever rows are beside it and whenever it entered.
 */
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
    return policy(recorded, "gpt_neox");
  }

  private FixturePolicy policy(boolean recorded, String fixture) throws IOException {
    Backend backend = open();
    FixturePolicy policy =
        new FixturePolicy(
            recorded ? backend : new UnrecordedBackend(backend),
            fixture,
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
          expected); // one waits for another's place
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

  /** Rows of a generation. */
  private record Rows(int[][] queries, long[] ids, int[] limits) {

    /** Long and short ones, which end in an order of their own. */
    static Rows mixed() {
      Random random = new Random(5);
      int[][] queries = new int[12][];
      for (int r = 0; r < queries.length; r++) {
        queries[r] = random.ints(1 + random.nextInt(20), 0, VOCABULARY).toArray();
      }
      return new Rows(queries, 100, new int[] {1, 24, 3, 3, 17, 2, 9, 30, 1, 5, 12, 7});
    }

    /** Several responses a query: of a page and more, of full pages, and of less than one. */
    static Rows ofEqualQueries() {
      Random random = new Random(6);
      int[] more = random.ints(21, 0, VOCABULARY).toArray();
      int[] full = random.ints(32, 0, VOCABULARY).toArray();
      int[] less = random.ints(15, 0, VOCABULARY).toArray();
      return new Rows(
          new int[][] {more, more, full, more, full, less, full, less, more, full},
          900,
          new int[] {1, 12, 20, 5, 1, 6, 9, 8, 13, 18});
    }

    Rows(int[][] queries, long firstId, int[] limits) {
      this(queries, LongStream.range(firstId, firstId + queries.length).toArray(), limits);
    }

    TokenRows tokens() {
      return TokenRows.of(queries);
    }

    Rows backwards() {
      return new Rows(
          picked(r -> queries[r]).toArray(int[][]::new),
          picked(r -> ids[r]).mapToLong(Long::longValue).toArray(),
          picked(r -> limits[r]).mapToInt(Integer::intValue).toArray());
    }

    private <T> Stream<T> picked(IntFunction<T> of) {
      return IntStream.range(0, limits.length).mapToObj(i -> of.apply(limits.length - 1 - i));
    }

    /** The response of each row in a generation of its own. */
    List<Generation> alone(FixturePolicy policy) {
      List<Generation> all = new ArrayList<>();
      for (int r = 0; r < limits.length; r++) {
        TokenRows row = TokenRows.of(queries[r]);
        all.addAll(policy.generate(row, new long[] {ids[r]}, new int[] {limits[r]}, 1));
        assertThat(all.get(r).tokens()).hasSize(limits[r]);
      }
      return all;
    }
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
        "GPTJ",
        "GEMMA2",
        "phi3_crossing",
        "flan_t5");
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void responses_inAnySchedule_areThoseOfEachRowAlone(String fixture) throws IOException {
    try (FixturePolicy policy = policy(true, fixture)) {
      for (Rows rows : List.of(Rows.mixed(), Rows.mixed().backwards(), Rows.ofEqualQueries())) {
        List<Generation> expected = rows.alone(policy);
        for (int maxRows : new int[] {1, 2, 3, 5, 12}) {
          assertSame(policy.generate(rows.tokens(), rows.ids(), rows.limits(), maxRows), expected);
        }
      }
    }
  }

  @ParameterizedTest
  @MethodSource("decoders")
  void responses_ofRowsThatWaitForPages_areThoseOfEachRowAlone(String fixture) throws IOException {
    try (FixturePolicy policy = policy(true, fixture)) {
      for (Rows rows : List.of(Rows.mixed(), Rows.ofEqualQueries())) {
        List<Generation> expected = rows.alone(policy);
        for (int pages : new int[] {4, 5, 9}) { // 4: of the longest row
          assertSame(
              policy.generateWithin(
                  new KvCacheSize(6, 4, pages),
                  rows.tokens(),
                  rows.ids(),
                  rows.limits(),
                  6,
                  StopRule.never()),
              expected);
        }
      }
    }
  }

  /** Tokens that end some of the rows in the middle, of both kinds. */
  private static StopRule someOf(List<Generation> whole) {
    List<Integer> tokens =
        whole.stream().filter(g -> g.tokens().length > 4).map(g -> g.tokens()[3]).toList();
    return new StopRule(new HashSet<>(tokens.subList(0, 2)), new HashSet<>(tokens.subList(2, 4)));
  }

  /** Responses that only their lengths ended, ended by tokens too. */
  private static List<Generation> cut(List<Generation> whole, StopRule stop) {
    List<Generation> ended = new ArrayList<>();
    for (Generation each : whole) {
      int length = 0;
      Generation.End end = Generation.End.LENGTH;
      while (length < each.tokens().length && end == Generation.End.LENGTH) {
        int token = each.tokens()[length++];
        end =
            stop.endOfText().contains(token)
                ? Generation.End.END_OF_TEXT
                : stop.stopTokens().contains(token) ? Generation.End.STOP_TOKEN : end;
      }
      ended.add(
          new Generation(
              Arrays.copyOf(each.tokens(), length), Arrays.copyOf(each.logprobs(), length), end));
    }
    assertThat(ended.stream().map(Generation::end))
        .contains(Generation.End.LENGTH, Generation.End.END_OF_TEXT);
    return ended;
  }

  private static void assertSameEnds(List<Generation> actual, List<Generation> expected) {
    assertSame(actual, expected);
    assertThat(actual.stream().map(Generation::end))
        .containsExactlyElementsOf(expected.stream().map(Generation::end).toList());
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void responses_ofSeveralStepsAtOnce_areThoseOfOneAtATime(long seed) throws IOException {
    try (FixturePolicy policy = policy(true)) {
      for (Rows rows : List.of(Rows.mixed(), Rows.ofEqualQueries())) {
        List<Generation> whole = stopping(policy, rows, 1, StopRule.never(), 1, seed);
        StopRule stop = someOf(whole);
        List<Generation> ended = cut(whole, stop);
        for (int maxRows : new int[] {1, 3, 12}) {
          for (int mostSteps : new int[] {2, 3, 8}) {
            assertSameEnds(
                stopping(policy, rows, maxRows, StopRule.never(), mostSteps, seed), whole);
            assertSameEnds(stopping(policy, rows, maxRows, stop, mostSteps, seed), ended);
          }
        }
      }
    }
  }

  private static List<Generation> stopping(
      FixturePolicy policy, Rows rows, int maxRows, StopRule stop, int mostSteps, long seed) {
    return policy.generateStopping(
        rows.tokens(), rows.ids(), rows.limits(), maxRows, stop, mostSteps, seed);
  }

  @Test
  void responses_thatEndAtATokenWhereRowsWaitForPages_areThoseOfEachRowAlone() throws IOException {
    try (FixturePolicy policy = policy(true)) {
      for (Rows rows : List.of(Rows.mixed(), Rows.ofEqualQueries())) {
        List<Generation> whole = rows.alone(policy);
        StopRule stop = someOf(whole);
        List<Generation> expected = cut(whole, stop);
        for (int pages : new int[] {4, 5, 9}) {
          assertSameEnds(
              policy.generateWithin(
                  new KvCacheSize(6, 4, pages), rows.tokens(), rows.ids(), rows.limits(), 6, stop),
              expected);
        }
      }
    }
  }

  @Test
  void generate_pagesTooFewForARow_saysWhich() throws IOException {
    try (FixturePolicy policy = policy(true)) {
      assertThatThrownBy(
              () ->
                  policy.generateWithin(
                      new KvCacheSize(2, 2, 1),
                      TokenRows.of(QUERIES),
                      IDS,
                      LIMITS,
                      2,
                      StopRule.never()))
          .isInstanceOf(OpsException.class)
          .hasMessageStartingWith("Row 3: ")
          .hasMessageContaining("25 tokens")
          .hasMessageContaining("1 pages of 16");
    }
  }

  private static int firstIndex(int[] tokens, int token) {
    return IntStream.range(0, tokens.length)
        .filter(i -> tokens[i] == token)
        .findFirst()
        .orElse(tokens.length);
  }
}
