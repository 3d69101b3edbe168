package dev.cantilever.row;

import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;

/** Records of every kind with values that hurt: all of Unicode, empty lists, NaNs of any bits. */
public final class ArbitraryRecords {

  private ArbitraryRecords() {}

  public static Arbitrary<String> texts() {
    return Arbitraries.integers()
        .between(0, Character.MAX_CODE_POINT)
        .filter(code -> code < Character.MIN_SURROGATE || code > Character.MAX_SURROGATE)
        .list()
        .ofMaxSize(30)
        .map(
            codes ->
                codes.stream()
                    .collect(
                        StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString());
  }

  private static Arbitrary<String> names() {
    return texts().map(text -> "n" + text);
  }

  private static Arbitrary<Integer> indices() {
    return Arbitraries.integers().between(0, Integer.MAX_VALUE);
  }

  private static Arbitrary<Long> ids() {
    return Arbitraries.longs().between(0, Long.MAX_VALUE);
  }

  private static Arbitrary<IntSequence> ints(int least) {
    return Arbitraries.integers().list().ofMinSize(least).ofMaxSize(20).map(IntSequence::copyOf);
  }

  /** Floats of any bits. */
  private static Arbitrary<FloatSequence> floats(int size) {
    return Arbitraries.integers()
        .map(Float::intBitsToFloat)
        .list()
        .ofSize(size)
        .map(FloatSequence::copyOf);
  }

  private static Arbitrary<Double> doubles() {
    return Arbitraries.longs().map(Double::longBitsToDouble);
  }

  public static Arbitrary<Query> queries() {
    return Combinators.combine(indices(), indices(), ids(), texts(), ints(1)).as(Query::new);
  }

  private static Arbitrary<Response> responses() {
    return ints(0)
        .flatMap(
            ids ->
                Combinators.combine(texts(), floats(ids.size()), Arbitraries.of(StopReason.class))
                    .as((text, logprobs, reason) -> new Response(text, ids, logprobs, reason)));
  }

  public static Arbitrary<Rollout> rollouts() {
    Arbitrary<List<Score>> scores =
        Combinators.combine(names(), texts(), doubles()).as(Score::new).list().ofMaxSize(3);
    Arbitrary<Provenance> provenances =
        Combinators.combine(names(), Arbitraries.longs(), texts(), texts(), texts(), ids())
            .as(Provenance::new);
    return Combinators.combine(queries(), responses(), scores, provenances).as(Rollout::new);
  }

  public static Arbitrary<RolloutUpdate> updates() {
    return Arbitraries.integers()
        .between(0, 12)
        .flatMap(
            n ->
                Combinators.combine(
                        indices(), ids(), floats(n), floats(n), floats(n), floats(n), floats(n),
                        floats(n))
                    .as(RolloutUpdate::new));
  }

  public static Arbitrary<StepStats> stepStats() {
    int count = Statistic.values().length;
    return Combinators.combine(
            names(), indices(), Arbitraries.longs(), texts(), doubles().list().ofSize(count))
        .as(
            (run, step, seed, digest, values) -> {
              Map<Statistic, Double> statistics = new EnumMap<>(Statistic.class);
              Iterator<Double> next = values.iterator();
              for (Statistic statistic : Statistic.values()) {
                statistics.put(statistic, next.next());
              }
              return new StepStats(run, step, seed, digest, statistics);
            });
  }

  public static Arbitrary<Document> documents() {
    return Combinators.combine(ids(), texts(), texts(), Arbitraries.of(Split.class))
        .as(Document::new);
  }

  public static Arbitrary<TokenRow> tokenRows() {
    return Combinators.combine(ids(), Arbitraries.of(Split.class), ints(0)).as(TokenRow::new);
  }

  public static Arbitrary<TokenizedDocument> tokenizedDocuments() {
    return Combinators.combine(names(), Arbitraries.of(Split.class), ints(1))
        .as(TokenizedDocument::new);
  }

  public static Arbitrary<DeadLetter> deadLetters() {
    return Combinators.combine(texts(), ids(), names(), texts()).as(DeadLetter::new);
  }
}
