package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every {@link AttentionOps} must do; a backend inherits it and says what is under test. */
public abstract class AttentionOpsConformance {

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

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_awkwardSizes_matchReference(AttentionCase c) {
    Forward forward = forward(c.qkv(), c.spec(), c.lengths());
    ReferenceAttentionOps.Result expected =
        ReferenceAttentionOps.attention(
            TestValues.widened(c.qkv()), GuardedMemory.offsets(c.lengths()), c.spec());
    assertClose(forward.out(), expected.out(), FORWARD);
    assertClose(forward.lse(), expected.lse(), FORWARD);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attentionBackward_awkwardSizes_matchesReference(AttentionCase c) {
    float[] actual = backward(c.qkv(), c.dOut(), c.spec(), c.lengths());
    double[] expected =
        ReferenceAttentionOps.attentionBackward(
            TestValues.widened(c.dOut()),
            TestValues.widened(c.qkv()),
            GuardedMemory.offsets(c.lengths()),
            c.spec());
    assertClose(actual, expected, BACKWARD);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#smallCases")
  void attentionBackward_smallRows_matchesCentralDifferences(AttentionCase c) {
    float[] actual = backward(c.qkv(), c.dOut(), c.spec(), c.lengths());
    double[] x = TestValues.widened(c.qkv());
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

  private static double loss(double[] qkv, AttentionCase c) {
    double[] out =
        ReferenceAttentionOps.attention(qkv, GuardedMemory.offsets(c.lengths()), c.spec()).out();
    float[] dOut = c.dOut();
    return IntStream.range(0, out.length).mapToDouble(i -> out[i] * dOut[i]).sum();
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_twice_sameBits(AttentionCase c) {
    Forward first = forward(c.qkv(), c.spec(), c.lengths());
    Forward second = forward(c.qkv(), c.spec(), c.lengths());
    assertThat(TestValues.bits(second.out())).isEqualTo(TestValues.bits(first.out()));
    assertThat(TestValues.bits(second.lse())).isEqualTo(TestValues.bits(first.lse()));
    assertThat(TestValues.bits(backward(c.qkv(), c.dOut(), c.spec(), c.lengths())))
        .isEqualTo(TestValues.bits(backward(c.qkv(), c.dOut(), c.spec(), c.lengths())));
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_rowAlone_hasTheBitsItHasInABatch(AttentionCase c) {
    AttentionSpec spec = c.spec();
    int[] offsets = GuardedMemory.offsets(c.lengths());
    Forward batch = forward(c.qkv(), spec, c.lengths());
    float[] gradient = backward(c.qkv(), c.dOut(), spec, c.lengths());
    for (int r = 0; r < c.lengths().length; r++) {
      float[] qkv = TestValues.part(c.qkv(), offsets, r, spec.projectionSize());
      float[] dOut = TestValues.part(c.dOut(), offsets, r, spec.outputSize());
      Forward alone = forward(qkv, spec, c.lengths()[r]);
      assertThat(TestValues.bits(alone.out()))
          .isEqualTo(
              TestValues.bits(TestValues.part(batch.out(), offsets, r, c.spec().outputSize())));
      assertThat(TestValues.bits(alone.lse()))
          .isEqualTo(TestValues.bits(TestValues.part(batch.lse(), offsets, r, c.heads())));
      assertThat(TestValues.bits(backward(qkv, dOut, spec, c.lengths()[r])))
          .isEqualTo(TestValues.bits(TestValues.part(gradient, offsets, r, spec.projectionSize())));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_rowsInAnotherOrder_haveTheSameBits(AttentionCase c) {
    AttentionSpec spec = c.spec();
    int count = c.lengths().length;
    int[] offsets = GuardedMemory.offsets(c.lengths());
    int[] reversed = IntStream.range(0, count).map(r -> c.lengths()[count - 1 - r]).toArray();
    int[] reversedOffsets = GuardedMemory.offsets(reversed);
    float[] qkv = TestValues.reverse(c.qkv(), offsets, spec.projectionSize());
    float[] dOut = TestValues.reverse(c.dOut(), offsets, spec.outputSize());
    float[] back =
        TestValues.reverse(forward(qkv, spec, reversed).out(), reversedOffsets, spec.outputSize());
    assertThat(TestValues.bits(back))
        .isEqualTo(TestValues.bits(forward(c.qkv(), spec, c.lengths()).out()));
    float[] gradient =
        TestValues.reverse(
            backward(qkv, dOut, spec, reversed), reversedOffsets, spec.projectionSize());
    assertThat(TestValues.bits(gradient))
        .isEqualTo(TestValues.bits(backward(c.qkv(), c.dOut(), spec, c.lengths())));
  }

  @Test
  void attention_nanInALaterToken_leavesEarlierTokensAlone() {
    AttentionCase c =
        new AttentionCase("nan", new int[] {21}, 2, 2, 16, HeadLayout.SPLIT, true, 16);
    AttentionSpec spec = c.spec();
    float[] clean = forward(c.qkv(), spec, 21).out();
    float[] qkv = c.qkv();
    Arrays.fill(qkv, 18 * spec.projectionSize(), qkv.length, Float.NaN);
    float[] out = forward(qkv, spec, 21).out();
    int seen = 18 * spec.outputSize();
    assertThat(TestValues.bits(Arrays.copyOf(out, seen)))
        .isEqualTo(TestValues.bits(Arrays.copyOf(clean, seen)));
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
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_tokenByToken_hasTheBitsOfOnePass(AttentionCase c) {
    cachedInSteps(c, 1, 1, 5);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_unevenSteps_haveTheBitsOfOnePass(AttentionCase c) {
    cachedInSteps(c, 7, 3, 16);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#causalCases")
  void attentionCached_everythingAtOnce_hasTheBitsOfOnePass(AttentionCase c) {
    cachedInSteps(c, 1000, 1, 3);
  }

  /** Feeds rows to a cache, {@code first} tokens and then {@code next} at a time. */
  private void cachedInSteps(AttentionCase c, int first, int next, int pageTokens) {
    AttentionSpec spec = c.spec();
    int[] offsets = GuardedMemory.offsets(c.lengths());
    float[] qkv = c.qkv();
    float[] expected = forward(qkv, spec, c.lengths()).out();
    PagedCache cache = PagedCache.in(memory, c.lengths(), pageTokens, spec);
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
        assertThat(TestValues.bits(TestValues.part(actual, rows.offsets(), a, spec.outputSize())))
            .as("row %d, step %d", active[a], step)
            .isEqualTo(
                TestValues.bits(
                    Arrays.copyOfRange(expected, from, from + counts[a] * spec.outputSize())));
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

  @Test
  void attentionCached_slotTwice_throwsNamingTheSlots() {
    AttentionSpec spec = smallSpec();
    PagedCache cache = PagedCache.in(memory, new int[] {4, 4}, 2, spec);
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
    PagedCache cache = PagedCache.in(memory, new int[] {4, 4}, 2, spec);
    assertThatThrownBy(() -> cachedOnce(cache.pages(), spec, memory.ints(1, 2), 4, 5))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("5 tokens");
    assertThat(GuardedMemory.read(cache.pages().keys())).containsOnly(Float.NaN);
  }

  @Test
  void attentionCached_pageOutside_throwsNamingThePages() {
    AttentionSpec spec = smallSpec();
    PagedCache cache = PagedCache.in(memory, new int[] {2}, 2, spec);
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
    PagedCache cache = PagedCache.in(memory, new int[] {3, 3}, 2, spec);
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
            TestValues.normal(1, rows.tokens() * spec.projectionSize()),
            rows.tokens(),
            spec.projectionSize());
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
