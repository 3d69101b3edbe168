package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every implementation of {@link AttentionOps} must do without a cache; with one it is {@link
 * AttentionCachedConformance}.
 */
public abstract class AttentionOpsConformance extends OpsConformance {

  /**
   * Standard normal inputs, scale 1/√D: scores below 6, each a chain of D ≤ 256 roundings of
   * partial sums below 6, so 3e-6 on a score, and as much relative on a probability; times values
   * below 5.
   */
  private static final double FORWARD = 1e-5;

  /** As {@link #FORWARD}, through two more chains of up to 130 terms with factors up to 30. */
  private static final double BACKWARD = 1e-4;

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_awkwardSizes_matchReference(AttentionCase c) {
    AttentionRun forward = forward(c.qkv(), c.spec(tensors), c.lengths());
    ReferenceAttentionOps.Result expected =
        ReferenceAttentionOps.attention(
            TestTensors.widen(c.qkv()), c.offsets(), c.spec(), c.bias());
    AttentionRounding rounding = AttentionRounding.of(c, inputRounding());
    assertClose("out of " + c, forward.out(), expected.out(), rounding.out(), FORWARD);
    assertClose("lse of " + c, forward.lse(), expected.lse(), rounding.lse(), FORWARD);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attentionBackward_awkwardSizes_matchesReference(AttentionCase c) {
    float[] actual = backward(c.qkv(), c.dOut(), c.spec(tensors), c.lengths());
    double[] expected =
        ReferenceAttentionOps.attentionBackward(
            TestTensors.widen(c.dOut()),
            TestTensors.widen(c.qkv()),
            c.offsets(),
            c.spec(),
            c.bias());
    double[] rounding = AttentionRounding.of(c, inputRounding()).dQkv();
    assertClose("dQkv of " + c, actual, expected, rounding, BACKWARD);
  }

  /**
   * Within the bounds of every element; and as a whole within twice what one rounding does, since
   * errors of many roundings of either sign grow no faster than the sums they are in.
   *
   * @param rounding bounds where inputs of products are rounded, zeros where they are not
   * @param absolute what all else may be off by
   */
  private void assertClose(
      String what, float[] actual, double[] expected, double[] rounding, double absolute) {
    double[] bounds = Arrays.stream(rounding).map(bound -> bound + absolute).toArray();
    Closeness.assertClose(what, actual, expected, bounds);
    double errors = 0;
    double squares = 0;
    for (int i = 0; i < actual.length; i++) {
      errors += Math.pow(actual[i] - expected[i], 2);
      squares += Math.pow(expected[i], 2);
    }
    assertThat(Math.sqrt(errors))
        .as(what)
        .isLessThanOrEqualTo(
            2 * inputRounding() * Math.sqrt(squares) + absolute * Math.sqrt(actual.length));
  }

  private double inputRounding() {
    return StorageRounding.unit(backend.capabilities().matrixInputs());
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#smallCases")
  void attentionBackward_smallRows_matchesCentralDifferences(AttentionCase c) {
    float[] actual = backward(c.qkv(), c.dOut(), c.spec(tensors), c.lengths());
    double[] x = TestTensors.widen(c.qkv());
    double step = 1e-5;
    double[] rounding = AttentionRounding.of(c, inputRounding()).dQkv();
    for (int i = 0; i < x.length; i++) {
      double kept = x[i];
      x[i] = kept + step;
      double up = loss(x, c);
      x[i] = kept - step;
      double down = loss(x, c);
      x[i] = kept;
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo((up - down) / (2 * step), within(BACKWARD + rounding[i]));
    }
  }

  private static double loss(double[] qkv, AttentionCase c) {
    double[] out = ReferenceAttentionOps.attention(qkv, c.offsets(), c.spec(), c.bias()).out();
    float[] dOut = c.dOut();
    return IntStream.range(0, out.length).mapToDouble(i -> out[i] * dOut[i]).sum();
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_twice_sameBits(AttentionCase c) {
    AttentionRun first = forward(c.qkv(), c.spec(tensors), c.lengths());
    AttentionRun second = forward(c.qkv(), c.spec(tensors), c.lengths());
    Closeness.assertSameBits("out", second.out(), first.out());
    Closeness.assertSameBits("lse", second.lse(), first.lse());
    Closeness.assertSameBits(
        "dQkv",
        backward(c.qkv(), c.dOut(), c.spec(tensors), c.lengths()),
        backward(c.qkv(), c.dOut(), c.spec(tensors), c.lengths()));
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_rowAlone_hasTheBitsItHasInABatch(AttentionCase c) {
    AttentionSpec spec = c.spec(tensors);
    int[] offsets = c.offsets();
    float[] allQkv = c.qkv();
    float[] allDOut = c.dOut();
    AttentionRun batch = forward(allQkv, spec, c.lengths());
    float[] gradient = backward(allQkv, allDOut, spec, c.lengths());
    for (int r = 0; r < c.lengths().length; r++) {
      float[] qkv = TestValues.part(allQkv, offsets, r, spec.projectionSize());
      float[] dOut = TestValues.part(allDOut, offsets, r, spec.outputSize());
      AttentionRun alone = forward(qkv, spec, c.lengths()[r]);
      Closeness.assertSameBits(
          "out of row " + r,
          alone.out(),
          TestValues.part(batch.out(), offsets, r, spec.outputSize()));
      Closeness.assertSameBits(
          "lse of row " + r, alone.lse(), TestValues.part(batch.lse(), offsets, r, c.heads()));
      Closeness.assertSameBits(
          "dQkv of row " + r,
          backward(qkv, dOut, spec, c.lengths()[r]),
          TestValues.part(gradient, offsets, r, spec.projectionSize()));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.AttentionCase#cases")
  void attention_rowsInAnotherOrder_haveTheSameBits(AttentionCase c) {
    AttentionSpec spec = c.spec(tensors);
    int count = c.lengths().length;
    int[] offsets = c.offsets();
    int[] reversed = IntStream.range(0, count).map(r -> c.lengths()[count - 1 - r]).toArray();
    int[] reversedOffsets = tensors.rows(reversed).offsets();
    float[] qkv = TestValues.reverse(c.qkv(), offsets, spec.projectionSize());
    float[] dOut = TestValues.reverse(c.dOut(), offsets, spec.outputSize());
    Closeness.assertSameBits(
        "out",
        TestValues.reverse(forward(qkv, spec, reversed).out(), reversedOffsets, spec.outputSize()),
        forward(c.qkv(), spec, c.lengths()).out());
    Closeness.assertSameBits(
        "dQkv",
        TestValues.reverse(
            backward(qkv, dOut, spec, reversed), reversedOffsets, spec.projectionSize()),
        backward(c.qkv(), c.dOut(), spec, c.lengths()));
  }

  /** What a model's rotation needs may be kept, and is not what the next model's needs. */
  @Test
  void attention_otherRotationsBetween_hasTheBitsItHadBefore() {
    int tokens = 40;
    AttentionSpec spec = rotating(128, 10_000);
    float[] qkv = tensors.normal(1100 * spec.projectionSize(), 1);
    float[] start = Arrays.copyOf(qkv, tokens * spec.projectionSize());
    float[] first = forward(start, spec, tokens).out();
    for (AttentionSpec other : new AttentionSpec[] {rotating(128, 500), rotating(64, 10_000)}) {
      assertThat(forward(start, other, tokens).out()).isNotEqualTo(first);
      Closeness.assertSameBits("again", forward(start, spec, tokens).out(), first);
    }
    float[] longRow = forward(qkv, spec, 1100).out();
    Closeness.assertSameBits("start of a row", Arrays.copyOf(longRow, first.length), first);
    Closeness.assertSameBits("again", forward(start, spec, tokens).out(), first);
  }

  private static AttentionSpec rotating(int dims, double theta) {
    return new AttentionSpec(
        1, 1, 128, HeadLayout.SPLIT, true, 0.088f, RotarySpec.unscaled(dims, theta));
  }

  @Test
  void attention_nanInALaterToken_leavesEarlierTokensAlone() {
    AttentionCase c =
        new AttentionCase("nan", new int[] {21}, 2, 2, 16, HeadLayout.SPLIT, true, 16);
    AttentionSpec spec = c.spec(tensors);
    float[] clean = forward(c.qkv(), spec, 21).out();
    float[] qkv = c.qkv();
    Arrays.fill(qkv, 18 * spec.projectionSize(), qkv.length, Float.NaN);
    float[] out = forward(qkv, spec, 21).out();
    int seen = 18 * spec.outputSize();
    Closeness.assertSameBits(
        "earlier tokens", Arrays.copyOf(out, seen), Arrays.copyOf(clean, seen));
    assertThat(out[seen]).isNaN();
  }

  @Test
  void attention_hugeScores_pickTheLargest() {
    AttentionSpec spec =
        new AttentionSpec(1, 1, 2, HeadLayout.INTERLEAVED, true, 1f, RotarySpec.NONE);
    float[] qkv = {100, 0, 100, 0, 1, 2, 100, 0, 300, 0, 3, 4, 100, 0, -900, 0, 5, 6};
    AttentionRun forward = forward(qkv, spec, 3);
    assertThat(forward.out()).containsExactly(1, 2, 3, 4, 3, 4);
    assertThat(forward.lse()).containsExactly(10_000, 30_000, 30_000);
    float[] gradient = backward(qkv, new float[] {1, 1, 1, 1, 1, 1}, spec, 3);
    assertThat(gradient).containsExactly(0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0);
  }

  @Test
  void attention_equalScores_averageTheValues() {
    AttentionSpec spec =
        new AttentionSpec(1, 1, 1, HeadLayout.INTERLEAVED, false, 1f, RotarySpec.NONE);
    float[] qkv = {0, 5, 1, 0, 5, 2, 0, 5, 3, 0, 5, 6};
    AttentionRun forward = forward(qkv, spec, 4);
    assertThat(forward.out()).containsExactly(3, 3, 3, 3);
    for (float lse : forward.lse()) {
      assertThat(lse).isCloseTo((float) Math.log(4), within(1e-6f));
    }
  }

  @Test
  void attention_nanBeforeTheWindow_leavesLaterTokensAlone() {
    AttentionCase c =
        new AttentionCase("nan", new int[] {150}, 2, 1, 64, HeadLayout.SPLIT, true, 16);
    AttentionSpec spec = c.spec().withScores(ScoreSpec.windowed(20));
    float[] clean = forward(c.qkv(), spec, 150).out();
    float[] qkv = c.qkv();
    Arrays.fill(qkv, 0, 3 * spec.projectionSize(), Float.NaN);
    float[] out = forward(qkv, spec, 150).out();
    int blind = 22 * spec.outputSize(); // the first token that does not see token 2
    assertThat(out[blind - 1]).isNaN();
    Closeness.assertSameBits(
        "later tokens",
        Arrays.copyOfRange(out, blind, out.length),
        Arrays.copyOfRange(clean, blind, clean.length));
  }

  @Test
  void attention_steepSlopes_leaveTheNearestKey() {
    AttentionSpec spec =
        new AttentionSpec(2, 2, 1, HeadLayout.SPLIT, true, 1f, RotarySpec.NONE)
            .withScores(new ScoreSpec(ScoreSpec.NO_CAP, List.of(200f, -200f), ScoreSpec.ALL_KEYS));
    float[] qkv = {0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 5, 6};
    AttentionRun run = forward(qkv, spec, 3);
    assertThat(run.out()).containsExactly(1, 2, 3, 2, 5, 2);
    assertThat(run.lse()).containsExactly(0, 0, 0, 200, 0, 400);
  }

  @Test
  void attention_wrongShapes_throwNamingTheTensor() {
    AttentionSpec spec =
        new AttentionSpec(2, 2, 4, HeadLayout.SPLIT, true, 0.5f, RotarySpec.unscaled(4, 10_000));
    PackedRows rows = tensors.rows(2, 3);
    Tensor out = tensors.output(DType.F32, 5, spec.outputSize());
    Tensor lse = tensors.output(DType.F32, 5, spec.heads());
    Tensor qkv = tensors.output(DType.F32, 5, spec.projectionSize());
    Tensor wrong = tensors.output(DType.F32, 4, spec.outputSize());
    Tensor ints = Tensor.at(qkv.address(), DType.I32, Shape.of(5, spec.projectionSize()));
    assertShape(() -> backend.attention().attention(wrong, lse, qkv, rows, spec), "out");
    assertShape(() -> backend.attention().attention(out, wrong, qkv, rows, spec), "lse");
    assertShape(() -> backend.attention().attention(out, lse, wrong, rows, spec), "qkv");
    assertShape(() -> backend.attention().attention(out, lse, ints, rows, spec), "qkv");
    assertShape(
        () -> backend.attention().attentionBackward(wrong, out, qkv, out, lse, rows, spec), "dQkv");
    assertShape(
        () -> backend.attention().attentionBackward(qkv, wrong, qkv, out, lse, rows, spec), "dOut");
  }

  @Test
  void attention_biasOfAnotherShape_throwsNamingIt() {
    AttentionSpec spec = new AttentionSpec(2, 2, 4, HeadLayout.SPLIT, false, 0.5f, RotarySpec.NONE);
    float[] qkv = tensors.normal(3 * spec.projectionSize(), 1);
    for (Tensor wrong :
        new Tensor[] {
          tensors.output(DType.F32, 3, 5),
          tensors.output(DType.BF16, 2, 5),
          tensors.output(DType.F32, 2, 4),
          tensors.output(DType.F32, 10)
        }) {
      AttentionSpec biased = spec.withScores(ScoreSpec.PLAIN.withBias(new DistanceBias(wrong)));
      assertShape(() -> forward(qkv, biased, 3), "bias");
      assertShape(() -> backward(qkv, new float[3 * 8], biased, 3), "bias");
    }
  }

  @Test
  void attention_bias_isAddedByTheDistanceOfTheKey() {
    float none = -200;
    float[] values = {none, none, none, 0, none, 0, none, none, none, none};
    AttentionSpec spec =
        new AttentionSpec(2, 2, 1, HeadLayout.SPLIT, false, 1f, RotarySpec.NONE)
            .withScores(ScoreSpec.PLAIN.withBias(new DistanceBias(tensors.of(values, 2, 5))));
    float[] qkv = {0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 3, 4, 0, 0, 0, 0, 5, 6};
    AttentionRun run = forward(qkv, spec, 3);
    // Head 0 sees the next token, head 1 the one two before; who has none sees all.
    assertThat(run.out()).containsExactly(3, 4, 5, 4, 3, 2);
  }

  private AttentionRun forward(float[] qkv, AttentionSpec spec, int... lengths) {
    return AttentionRun.of(backend, tensors, qkv, spec, lengths);
  }

  private float[] backward(float[] qkv, float[] dOut, AttentionSpec spec, int... lengths) {
    PackedRows rows = tensors.rows(lengths);
    Tensor in = tensors.of(qkv, rows.tokens(), spec.projectionSize());
    Tensor out = tensors.output(DType.F32, rows.tokens(), spec.outputSize());
    Tensor lse = tensors.output(DType.F32, rows.tokens(), spec.heads());
    Tensor dQkv = tensors.output(DType.F32, rows.tokens(), spec.projectionSize());
    backend.attention().attention(out, lse, in, rows, spec);
    Tensor gradient = tensors.of(dOut, rows.tokens(), spec.outputSize());
    backend.attention().attentionBackward(dQkv, gradient, in, out, lse, rows, spec);
    return tensors.read(dQkv);
  }
}
