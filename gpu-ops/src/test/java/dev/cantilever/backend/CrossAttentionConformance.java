package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every implementation of {@link AttentionOps#crossAttention} must do; over a cache it is
 * {@link CrossAttentionCachedConformance}.
 */
public abstract class CrossAttentionConformance extends OpsConformance {

  /**
   * Standard normal inputs, scale 1/√D: scores below 6, each a chain of D ≤ 256 roundings of
   * partial sums below 6, so 3e-6 on a score, and as much relative on a probability; times values
   * below 5. No backend rounds its inputs.
   */
  private static final double FORWARD = 1e-5;

  /** As {@link #FORWARD}, through two more chains of up to 130 terms with factors up to 30. */
  private static final double BACKWARD = 1e-4;

  /**
   * What both passes make of a case.
   *
   * @param out [N, H·D]
   * @param lse [N, H]
   * @param dQueries [N, H·D]
   * @param dKeysValues [S, 2·K·D]
   */
  private record Passes(float[] out, float[] lse, float[] dQueries, float[] dKeysValues) {}

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void crossAttention_awkwardSizes_matchesReference(CrossCase c) {
    ReferenceCrossAttention reference = ReferenceCrossAttention.of(c);
    ReferenceCrossAttention.Result forward = reference.attention(0);
    ReferenceCrossAttention.Gradients gradients = reference.backward(TestTensors.widen(c.dOut()));
    Passes actual = run(c);
    Closeness.assertClose("out of " + c, actual.out(), forward.out(), FORWARD, 0);
    Closeness.assertClose("lse of " + c, actual.lse(), forward.lse(), FORWARD, 0);
    Closeness.assertClose("dQueries of " + c, actual.dQueries(), gradients.dQueries(), BACKWARD, 0);
    Closeness.assertClose(
        "dKeysValues of " + c, actual.dKeysValues(), gradients.dKeysValues(), BACKWARD, 0);
  }

  @Test
  void crossAttentionBackward_smallRows_matchesCentralDifferences() {
    CrossCase c = CrossCase.small();
    Passes actual = run(c);
    double[] queries = TestTensors.widen(c.queries());
    double[] keysValues = TestTensors.widen(c.keysValues());
    assertDifferences(c, queries, keysValues, queries, actual.dQueries());
    assertDifferences(c, queries, keysValues, keysValues, actual.dKeysValues());
  }

  private static void assertDifferences(
      CrossCase c, double[] queries, double[] keysValues, double[] x, float[] gradient) {
    double step = 1e-5;
    for (int i = 0; i < x.length; i++) {
      double kept = x[i];
      x[i] = kept + step;
      double up = loss(c, queries, keysValues);
      x[i] = kept - step;
      double down = loss(c, queries, keysValues);
      x[i] = kept;
      assertThat((double) gradient[i])
          .as("element %d", i)
          .isCloseTo((up - down) / (2 * step), within(BACKWARD));
    }
  }

  private static double loss(CrossCase c, double[] queries, double[] keysValues) {
    double[] out =
        new ReferenceCrossAttention(queries, keysValues, c.offsets(), c.keyOffsets(), c.spec())
            .attention(0)
            .out();
    float[] dOut = c.dOut();
    return IntStream.range(0, out.length).mapToDouble(i -> out[i] * dOut[i]).sum();
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void crossAttention_rowAlone_hasTheBitsItHasInABatch(CrossCase c) {
    Passes batch = run(c);
    assertSameBits("again", run(c), batch);
    for (int r = 0; r < c.lengths().length; r++) {
      assertSameBits("row " + r, run(c, r), part(c, batch, r));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.CrossCase#cases")
  void crossAttention_rowsInAnotherOrder_haveTheSameBits(CrossCase c) {
    int rows = c.lengths().length;
    int[] reversed = IntStream.range(0, rows).map(r -> rows - 1 - r).toArray();
    Passes batch = run(c);
    assertSameBits("reversed", run(c, reversed), part(c, batch, reversed));
  }

  @Test
  void crossAttention_notANumberInOneRow_staysThere() {
    CrossCase c = CrossCase.small();
    float[] keysValues = c.keysValues();
    Arrays.fill(keysValues, 0, c.keyLengths()[0] * c.keyWidth(), Float.NaN);
    Passes found = run(c.spec(), c.queries(), keysValues, c.dOut(), c.lengths(), c.keyLengths());
    assertThat(found.out()[0]).isNaN();
    assertSameBits("the other row", part(c, found, 1), part(c, run(c), 1));
  }

  @Test
  void crossAttention_hugeScores_pickTheLargest() {
    AttentionSpec spec = new AttentionSpec(1, 1, 2, HeadLayout.SPLIT, false, 1f, RotarySpec.NONE);
    float[] keysValues = {100, 0, 1, 2, 300, 0, 3, 4, -900, 0, 5, 6};
    Passes passes =
        run(
            spec,
            new float[] {100, 0, -100, 0},
            keysValues,
            new float[] {1, 1, 1, 1},
            new int[] {2},
            new int[] {3});
    assertThat(passes.out()).containsExactly(3, 4, 5, 6);
    assertThat(passes.lse()).containsExactly(30_000, 90_000);
    assertThat(passes.dQueries()).containsExactly(0, 0, 0, 0);
    assertThat(passes.dKeysValues()).containsExactly(0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 1);
  }

  @Test
  void crossAttention_otherSpecs_areRefused() {
    CrossCase c = CrossCase.small();
    AttentionSpec plain = c.spec();
    List<AttentionSpec> others =
        List.of(
            new AttentionSpec(4, 2, 3, HeadLayout.SPLIT, true, 1, RotarySpec.NONE),
            new AttentionSpec(4, 2, 3, HeadLayout.SPLIT, false, 1, RotarySpec.unscaled(2, 10_000)),
            plain.withScores(ScoreSpec.capped(2)));
    for (AttentionSpec spec : others) {
      assertThatThrownBy(
              () -> run(spec, c.queries(), c.keysValues(), c.dOut(), c.lengths(), c.keyLengths()))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("crossAttention: expected attention in both directions");
    }
  }

  @Test
  void crossAttention_wrongShapes_throwNamingTheTensor() {
    AttentionSpec spec = CrossCase.small().spec();
    PackedRows rows = tensors.rows(2, 3);
    PackedRows keyRows = tensors.rows(4, 2);
    Tensor queries = tensors.output(DType.F32, 5, 12);
    Tensor keysValues = tensors.output(DType.F32, 6, 12);
    Tensor lse = tensors.output(DType.F32, 5, 4);
    AttentionOps ops = backend.attention();
    assertShape(
        () -> ops.crossAttention(lse, lse, queries, keysValues, rows, keyRows, spec), "out");
    assertShape(
        () -> ops.crossAttention(queries, lse, queries, queries, rows, keyRows, spec),
        "keysValues");
    assertShape(
        () -> ops.crossAttention(queries, lse, queries, keysValues, rows, tensors.rows(6), spec),
        "a row of keys for each of 2 rows");
    assertShape(
        () ->
            ops.crossAttentionBackward(
                queries, queries, queries, queries, keysValues, queries, lse, rows, keyRows, spec),
        "dKeysValues");
  }

  private static void assertSameBits(String what, Passes actual, Passes expected) {
    Closeness.assertSameBits("out of " + what, actual.out(), expected.out());
    Closeness.assertSameBits("lse of " + what, actual.lse(), expected.lse());
    Closeness.assertSameBits("dQueries of " + what, actual.dQueries(), expected.dQueries());
    Closeness.assertSameBits(
        "dKeysValues of " + what, actual.dKeysValues(), expected.dKeysValues());
  }

  /** What belongs to some rows, in their order. */
  private static Passes part(CrossCase c, Passes all, int... rows) {
    int width = c.heads() * c.size();
    return new Passes(
        TestValues.parts(all.out(), c.offsets(), width, rows),
        TestValues.parts(all.lse(), c.offsets(), c.heads(), rows),
        TestValues.parts(all.dQueries(), c.offsets(), width, rows),
        TestValues.parts(all.dKeysValues(), c.keyOffsets(), c.keyWidth(), rows));
  }

  private Passes run(CrossCase c) {
    return run(c, IntStream.range(0, c.lengths().length).toArray());
  }

  /** Both passes over some rows of a case, in their order. */
  private Passes run(CrossCase c, int... rows) {
    int width = c.heads() * c.size();
    return run(
        c.spec(),
        TestValues.parts(c.queries(), c.offsets(), width, rows),
        TestValues.parts(c.keysValues(), c.keyOffsets(), c.keyWidth(), rows),
        TestValues.parts(c.dOut(), c.offsets(), width, rows),
        Arrays.stream(rows).map(r -> c.lengths()[r]).toArray(),
        Arrays.stream(rows).map(r -> c.keyLengths()[r]).toArray());
  }

  private Passes run(
      AttentionSpec spec,
      float[] queries,
      float[] keysValues,
      float[] dOut,
      int[] lengths,
      int[] keyLengths) {
    PackedRows rows = tensors.rows(lengths);
    PackedRows keyRows = tensors.rows(keyLengths);
    int n = rows.tokens();
    int width = 2 * spec.cacheSize();
    Tensor q = tensors.of(queries, n, spec.outputSize());
    Tensor kv = tensors.of(keysValues, keyRows.tokens(), width);
    Tensor out = tensors.output(DType.F32, n, spec.outputSize());
    Tensor lse = tensors.output(DType.F32, n, spec.heads());
    backend.attention().crossAttention(out, lse, q, kv, rows, keyRows, spec);
    Tensor dQueries = tensors.output(DType.F32, n, spec.outputSize());
    Tensor dKeysValues = tensors.output(DType.F32, keyRows.tokens(), width);
    backend
        .attention()
        .crossAttentionBackward(
            dQueries,
            dKeysValues,
            tensors.of(dOut, n, spec.outputSize()),
            q,
            kv,
            out,
            lse,
            rows,
            keyRows,
            spec);
    return new Passes(
        tensors.read(out), tensors.read(lse), tensors.read(dQueries), tensors.read(dKeysValues));
  }
}
