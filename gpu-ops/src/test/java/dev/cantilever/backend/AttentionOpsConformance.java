package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every {@link AttentionOps} must do; a backend inherits it and says what is under test. */
public abstract class AttentionOpsConformance {

  /** Printed with every failure by the name of the case; change it to see other values. */
  private static final long SEED = 20_260_101;

  /**
   * Standard normal inputs, scale 1/√D: scores below 6, each a chain of D ≤ 96 roundings of partial
   * sums below 6, so 2e-6 on a score, and as much relative on a probability; times values below 5.
   */
  private static final double FORWARD = 1e-5;

  /** As {@link #FORWARD}, through two more chains of up to 130 terms with factors up to 30. */
  private static final double BACKWARD = 1e-4;

  private final GuardedMemory memory = new GuardedMemory();

  /** The operations under test. */
  protected abstract AttentionOps ops();

  @AfterEach
  void closeMemory() {
    memory.close();
  }

  record Case(
      String name,
      int[] lengths,
      int heads,
      int kvHeads,
      int size,
      HeadLayout layout,
      boolean causal,
      int rotaryDims) {

    AttentionSpec spec() {
      return new AttentionSpec(
          heads, kvHeads, size, layout, causal, (float) (1 / Math.sqrt(size)), rotaryDims, 10_000);
    }

    int tokens() {
      return Arrays.stream(lengths).sum();
    }

    float[] qkv() {
      return normal(name.hashCode(), tokens() * spec().projectionSize());
    }

    float[] dOut() {
      return normal(name.hashCode() + 1L, tokens() * spec().outputSize());
    }

    @Override
    public String toString() {
      return name + ", seed " + SEED;
    }
  }

  static Stream<Case> cases() {
    HeadLayout mixed = HeadLayout.INTERLEAVED;
    HeadLayout split = HeadLayout.SPLIT;
    return Stream.of(
        new Case("one token", new int[] {1}, 1, 1, 2, mixed, true, 0),
        new Case("one-token rows", new int[] {1, 1, 1}, 2, 2, 5, mixed, true, 2),
        new Case("odd head size", new int[] {3, 7}, 3, 3, 7, split, true, 6),
        new Case("all rotated", new int[] {4, 5, 6}, 2, 2, 16, mixed, true, 16),
        new Case("a quarter rotated", new int[] {17, 16, 15}, 4, 4, 96, mixed, true, 24),
        new Case("demo", new int[] {28, 31, 9, 27}, 8, 8, 32, mixed, true, 8),
        new Case("long row", new int[] {130, 2, 65}, 2, 2, 32, split, true, 32),
        new Case("blocks met exactly", new int[] {32, 64, 33}, 1, 1, 48, split, true, 12),
        new Case("grouped heads", new int[] {19, 4}, 6, 2, 20, split, true, 20),
        new Case("one key head", new int[] {40}, 4, 1, 33, split, true, 10),
        new Case("both directions", new int[] {13, 1, 37}, 4, 4, 24, split, false, 0),
        new Case("both directions, rotated", new int[] {35}, 2, 1, 8, split, false, 4));
  }

  static Stream<Case> smallCases() {
    return Stream.of(
        new Case("small", new int[] {3, 1, 4}, 2, 2, 4, HeadLayout.INTERLEAVED, true, 2),
        new Case("small grouped", new int[] {5}, 4, 2, 6, HeadLayout.SPLIT, true, 6),
        new Case("small both ways", new int[] {4, 2}, 2, 2, 3, HeadLayout.SPLIT, false, 2));
  }

  static Stream<Case> causalCases() {
    return cases().filter(Case::causal);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attention_awkwardSizes_matchReference(Case c) {
    Forward forward = forward(c.qkv(), c.spec(), c.lengths());
    ReferenceAttentionOps.Result expected =
        ReferenceAttentionOps.attention(
            widened(c.qkv()), GuardedMemory.offsets(c.lengths()), c.spec());
    assertClose(forward.out(), expected.out(), FORWARD);
    assertClose(forward.lse(), expected.lse(), FORWARD);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attentionBackward_awkwardSizes_matchesReference(Case c) {
    float[] actual = backward(c.qkv(), c.dOut(), c.spec(), c.lengths());
    double[] expected =
        ReferenceAttentionOps.attentionBackward(
            widened(c.dOut()), widened(c.qkv()), GuardedMemory.offsets(c.lengths()), c.spec());
    assertClose(actual, expected, BACKWARD);
  }

  @ParameterizedTest
  @MethodSource("smallCases")
  void attentionBackward_smallRows_matchesCentralDifferences(Case c) {
    float[] actual = backward(c.qkv(), c.dOut(), c.spec(), c.lengths());
    double[] x = widened(c.qkv());
    double step = 1e-5;
    for (int i = 0; i < x.length; i++) {
      double kept = x[i];
      x[i] = kept + step;
      double up = loss(x, c);
      x[i] = kept - step;
      double down = loss(x, c);
      x[i] = kept;
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo((up - down) / (2 * step), within(BACKWARD));
    }
  }

  private static double loss(double[] qkv, Case c) {
    double[] out =
        ReferenceAttentionOps.attention(qkv, GuardedMemory.offsets(c.lengths()), c.spec()).out();
    float[] dOut = c.dOut();
    return IntStream.range(0, out.length).mapToDouble(i -> out[i] * dOut[i]).sum();
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attention_twice_sameBits(Case c) {
    Forward first = forward(c.qkv(), c.spec(), c.lengths());
    Forward second = forward(c.qkv(), c.spec(), c.lengths());
    assertThat(bits(second.out())).isEqualTo(bits(first.out()));
    assertThat(bits(second.lse())).isEqualTo(bits(first.lse()));
    assertThat(bits(backward(c.qkv(), c.dOut(), c.spec(), c.lengths())))
        .isEqualTo(bits(backward(c.qkv(), c.dOut(), c.spec(), c.lengths())));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attention_rowAlone_hasTheBitsItHasInABatch(Case c) {
    AttentionSpec spec = c.spec();
    int[] offsets = GuardedMemory.offsets(c.lengths());
    Forward batch = forward(c.qkv(), spec, c.lengths());
    float[] gradient = backward(c.qkv(), c.dOut(), spec, c.lengths());
    for (int r = 0; r < c.lengths().length; r++) {
      float[] qkv = part(c.qkv(), offsets, r, spec.projectionSize());
      float[] dOut = part(c.dOut(), offsets, r, spec.outputSize());
      Forward alone = forward(qkv, spec, c.lengths()[r]);
      assertThat(bits(alone.out()))
          .isEqualTo(bits(part(batch.out(), offsets, r, c.spec().outputSize())));
      assertThat(bits(alone.lse())).isEqualTo(bits(part(batch.lse(), offsets, r, c.heads())));
      assertThat(bits(backward(qkv, dOut, spec, c.lengths()[r])))
          .isEqualTo(bits(part(gradient, offsets, r, spec.projectionSize())));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void attention_rowsInAnotherOrder_haveTheSameBits(Case c) {
    AttentionSpec spec = c.spec();
    int count = c.lengths().length;
    int[] offsets = GuardedMemory.offsets(c.lengths());
    int[] reversed = IntStream.range(0, count).map(r -> c.lengths()[count - 1 - r]).toArray();
    int[] reversedOffsets = GuardedMemory.offsets(reversed);
    float[] qkv = reverse(c.qkv(), offsets, spec.projectionSize());
    float[] dOut = reverse(c.dOut(), offsets, spec.outputSize());
    float[] back = reverse(forward(qkv, spec, reversed).out(), reversedOffsets, spec.outputSize());
    assertThat(bits(back)).isEqualTo(bits(forward(c.qkv(), spec, c.lengths()).out()));
    float[] gradient =
        reverse(backward(qkv, dOut, spec, reversed), reversedOffsets, spec.projectionSize());
    assertThat(bits(gradient)).isEqualTo(bits(backward(c.qkv(), c.dOut(), spec, c.lengths())));
  }

  @Test
  void attention_nanInALaterToken_leavesEarlierTokensAlone() {
    Case c = new Case("nan", new int[] {21}, 2, 2, 16, HeadLayout.SPLIT, true, 16);
    AttentionSpec spec = c.spec();
    float[] clean = forward(c.qkv(), spec, 21).out();
    float[] qkv = c.qkv();
    Arrays.fill(qkv, 18 * spec.projectionSize(), qkv.length, Float.NaN);
    float[] out = forward(qkv, spec, 21).out();
    int seen = 18 * spec.outputSize();
    assertThat(bits(Arrays.copyOf(out, seen))).isEqualTo(bits(Arrays.copyOf(clean, seen)));
    assertThat(out[seen]).isNaN();
  }

  @Test
  void attention_hugeScores_pickTheLargest() {
    AttentionSpec spec = new AttentionSpec(1, 1, 2, HeadLayout.INTERLEAVED, true, 1f, 0, 10_000);
    float[] qkv = {100, 0, 100, 0, 1, 2, 100, 0, 300, 0, 3, 4, 100, 0, -900, 0, 5, 6};
    Forward forward = forward(qkv, spec, 3);
    assertThat(forward.out()).containsExactly(1, 2, 3, 4, 3, 4);
    assertThat(forward.lse()).containsExactly(10_000, 30_000, 30_000);
    float[] gradient = backward(qkv, new float[] {1, 1, 1, 1, 1, 1}, spec, 3);
    assertThat(gradient).containsExactly(0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void attention_equalScores_averageTheValues() {
    AttentionSpec spec = new AttentionSpec(1, 1, 1, HeadLayout.INTERLEAVED, false, 1f, 0, 10_000);
    float[] qkv = {0, 5, 1, 0, 5, 2, 0, 5, 3, 0, 5, 6};
    Forward forward = forward(qkv, spec, 4);
    assertThat(forward.out()).containsExactly(3, 3, 3, 3);
    for (float lse : forward.lse()) {
      assertThat(lse).isCloseTo((float) Math.log(4), within(1e-6f));
    }
  }

  @ParameterizedTest
  @MethodSource("causalCases")
  void attentionCached_tokenByToken_hasTheBitsOfOnePass(Case c) {
    cachedInSteps(c, 1, 1, 5);
  }

  @ParameterizedTest
  @MethodSource("causalCases")
  void attentionCached_unevenSteps_haveTheBitsOfOnePass(Case c) {
    cachedInSteps(c, 7, 3, 16);
  }

  @ParameterizedTest
  @MethodSource("causalCases")
  void attentionCached_everythingAtOnce_hasTheBitsOfOnePass(Case c) {
    cachedInSteps(c, 1000, 1, 3);
  }

  /** Feeds rows to a cache, {@code first} tokens and then {@code next} at a time. */
  private void cachedInSteps(Case c, int first, int next, int pageTokens) {
    AttentionSpec spec = c.spec();
    int[] offsets = GuardedMemory.offsets(c.lengths());
    float[] qkv = c.qkv();
    float[] expected = forward(qkv, spec, c.lengths()).out();
    Cache cache = cache(c.lengths(), pageTokens, spec);
    int[] done = new int[c.lengths().length];
    for (int step = 0; ; step++) {
      int take = step == 0 ? first : next;
      int[] active =
          IntStream.range(0, done.length).filter(r -> done[r] < c.lengths()[r]).toArray();
      if (active.length == 0) {
        break;
      }
      int[] counts =
          Arrays.stream(active).map(r -> Math.min(take, c.lengths()[r] - done[r])).toArray();
      PackedRows rows = memory.rows(counts);
      float[] input = new float[rows.tokens() * spec.projectionSize()];
      for (int a = 0; a < active.length; a++) {
        System.arraycopy(
            qkv,
            (offsets[active[a]] + done[active[a]]) * spec.projectionSize(),
            input,
            rows.start(a) * spec.projectionSize(),
            counts[a] * spec.projectionSize());
      }
      Tensor slots = memory.ints(Arrays.stream(active).map(cache::slot).toArray());
      Tensor out = memory.output(rows.tokens(), spec.outputSize());
      Tensor in = memory.floats(input, rows.tokens(), spec.projectionSize());
      ops().attentionCached(out, in, cache.pages(), slots, rows, spec);
      ops().advance(cache.pages().lengths(), slots, rows);
      float[] actual = GuardedMemory.read(out);
      for (int a = 0; a < active.length; a++) {
        int from = (offsets[active[a]] + done[active[a]]) * spec.outputSize();
        assertThat(bits(part(actual, rows.offsets(), a, spec.outputSize())))
            .as("row %d, step %d", active[a], step)
            .isEqualTo(
                bits(Arrays.copyOfRange(expected, from, from + counts[a] * spec.outputSize())));
        done[active[a]] += counts[a];
      }
    }
    int[] lengths = GuardedMemory.readInts(cache.pages().lengths());
    for (int r = 0; r < done.length; r++) {
      assertThat(lengths[cache.slot(r)]).isEqualTo(c.lengths()[r]);
    }
    assertThat(lengths[cache.unusedSlot()]).isZero();
    float[] spare = GuardedMemory.read(cache.pages().keys().slice(0, 1));
    assertThat(spare).as("a page of no row").containsOnly(Float.NaN);
  }

  /** A cache whose pages are dealt out in turn and whose slots run backwards; page 0 is unused. */
  private record Cache(KvPages pages, int slots) {
    int slot(int row) {
      return slots - 1 - row;
    }

    int unusedSlot() {
      return 0;
    }
  }

  private Cache cache(int[] lengths, int pageTokens, AttentionSpec spec) {
    int slots = lengths.length + 1;
    int longest = Arrays.stream(lengths).max().orElseThrow();
    int maxPages = (longest + pageTokens - 1) / pageTokens;
    int pages = 1 + slots * maxPages;
    int[] table = new int[slots * maxPages];
    for (int slot = 0; slot < slots; slot++) {
      for (int p = 0; p < maxPages; p++) {
        table[slot * maxPages + p] = pages - 1 - (p * slots + slot);
      }
    }
    return new Cache(
        new KvPages(
            memory.output(pages, pageTokens, spec.cacheSize()),
            memory.output(pages, pageTokens, spec.cacheSize()),
            memory.ints(table, slots, maxPages),
            memory.ints(new int[slots]),
            pageTokens),
        slots);
  }

  @Test
  void attentionCached_slotTwice_throwsNamingTheSlots() {
    AttentionSpec spec = smallSpec();
    Cache cache = cache(new int[] {4, 4}, 2, spec);
    assertThatThrownBy(() -> cachedOnce(cache.pages(), spec, memory.ints(1, 1), 1, 1))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[1, 1]");
    assertThatThrownBy(() -> cachedOnce(cache.pages(), spec, memory.ints(1, 3), 1, 1))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[1, 3]");
  }

  @Test
  void attentionCached_moreTokensThanPages_throwsBeforeWriting() {
    AttentionSpec spec = smallSpec();
    Cache cache = cache(new int[] {4, 4}, 2, spec);
    assertThatThrownBy(() -> cachedOnce(cache.pages(), spec, memory.ints(1, 2), 4, 5))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("5 tokens");
    assertThat(GuardedMemory.read(cache.pages().keys())).containsOnly(Float.NaN);
  }

  @Test
  void attentionCached_pageOutside_throwsNamingThePages() {
    AttentionSpec spec = smallSpec();
    Cache cache = cache(new int[] {2}, 2, spec);
    KvPages pages = cache.pages();
    KvPages wrong =
        new KvPages(
            pages.keys(), pages.values(), memory.ints(new int[] {1, 9}, 2, 1), pages.lengths(), 2);
    assertThatThrownBy(() -> cachedOnce(wrong, spec, memory.ints(1), 1))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("[9]");
  }

  @Test
  void attention_wrongShapes_throwNamingTheTensor() {
    AttentionSpec spec = smallSpec();
    PackedRows rows = memory.rows(2, 3);
    Tensor out = memory.output(5, spec.outputSize());
    Tensor lse = memory.output(5, spec.heads());
    Tensor qkv = memory.output(5, spec.projectionSize());
    Tensor wrong = memory.output(4, spec.outputSize());
    Tensor ints = Tensor.at(qkv.address(), DType.I32, Shape.of(5, spec.projectionSize()));
    assertShape(() -> ops().attention(wrong, lse, qkv, rows, spec), "out");
    assertShape(() -> ops().attention(out, wrong, qkv, rows, spec), "lse");
    assertShape(() -> ops().attention(out, lse, wrong, rows, spec), "qkv");
    assertShape(() -> ops().attention(out, lse, ints, rows, spec), "qkv");
    assertShape(() -> ops().attentionBackward(wrong, out, qkv, out, lse, rows, spec), "dQkv");
    assertShape(() -> ops().attentionBackward(qkv, wrong, qkv, out, lse, rows, spec), "dOut");
    assertShape(() -> ops().advance(memory.ints(0, 0), memory.ints(1), rows), "slots");
    Cache cache = cache(new int[] {3, 3}, 2, spec);
    assertShape(
        () -> ops().attentionCached(wrong, qkv, cache.pages(), memory.ints(0, 1), rows, spec),
        "out");
    assertShape(
        () -> ops().attentionCached(out, qkv, cache.pages(), memory.ints(0), rows, spec), "slots");
  }

  private static void assertShape(Runnable call, String tensor) {
    assertThatThrownBy(call::run)
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected " + tensor);
  }

  private static AttentionSpec smallSpec() {
    return new AttentionSpec(2, 2, 4, HeadLayout.SPLIT, true, 0.5f, 4, 10_000);
  }

  private void cachedOnce(KvPages pages, AttentionSpec spec, Tensor slots, int... counts) {
    PackedRows rows = memory.rows(counts);
    Tensor qkv =
        memory.floats(
            normal(1, rows.tokens() * spec.projectionSize()), rows.tokens(), spec.projectionSize());
    Tensor out = memory.output(rows.tokens(), spec.outputSize());
    ops().attentionCached(out, qkv, pages, slots, rows, spec);
  }

  private record Forward(float[] out, float[] lse) {}

  private Forward forward(float[] qkv, AttentionSpec spec, int... lengths) {
    PackedRows rows = memory.rows(lengths);
    Tensor out = memory.output(rows.tokens(), spec.outputSize());
    Tensor lse = memory.output(rows.tokens(), spec.heads());
    ops().attention(out, lse, memory.floats(qkv, rows.tokens(), spec.projectionSize()), rows, spec);
    return new Forward(GuardedMemory.read(out), GuardedMemory.read(lse));
  }

  private float[] backward(float[] qkv, float[] dOut, AttentionSpec spec, int... lengths) {
    PackedRows rows = memory.rows(lengths);
    Tensor in = memory.floats(qkv, rows.tokens(), spec.projectionSize());
    Tensor out = memory.output(rows.tokens(), spec.outputSize());
    Tensor lse = memory.output(rows.tokens(), spec.heads());
    Tensor dQkv = memory.output(rows.tokens(), spec.projectionSize());
    ops().attention(out, lse, in, rows, spec);
    Tensor gradient = memory.floats(dOut, rows.tokens(), spec.outputSize());
    ops().attentionBackward(dQkv, gradient, in, out, lse, rows, spec);
    return GuardedMemory.read(dQkv);
  }

  private static float[] normal(long seed, int count) {
    Random random = new Random(SEED + seed);
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return values;
  }

  private static double[] widened(float[] x) {
    return IntStream.range(0, x.length).mapToDouble(i -> x[i]).toArray();
  }

  private static int[] bits(float[] x) {
    return IntStream.range(0, x.length).map(i -> Float.floatToRawIntBits(x[i])).toArray();
  }

  private static float[] part(float[] x, int[] offsets, int row, int width) {
    return Arrays.copyOfRange(x, offsets[row] * width, offsets[row + 1] * width);
  }

  private static float[] reverse(float[] x, int[] offsets, int width) {
    float[] y = new float[x.length];
    int at = 0;
    for (int r = offsets.length - 2; r >= 0; r--) {
      float[] row = part(x, offsets, r, width);
      System.arraycopy(row, 0, y, at, row.length);
      at += row.length;
    }
    return y;
  }

  private static void assertClose(float[] actual, double[] expected, double tolerance) {
    assertThat(actual).hasSameSizeAs(expected);
    for (int i = 0; i < actual.length; i++) {
      if (!(Math.abs(actual[i] - expected[i]) <= tolerance)) {
        assertThat((double) actual[i])
            .as("element %d", i)
            .isCloseTo(expected[i], within(tolerance));
      }
    }
  }
}
