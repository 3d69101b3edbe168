package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What every implementation of {@link AttentionOps#disentangledAttention} must do. */
public abstract class DisentangledAttentionConformance extends OpsConformance {

  /**
   * Standard normal inputs, scale 1/√(3D): scores below 6, each of up to three chains of D ≤ 128
   * roundings of partial sums below 10, so 5e-6 on a score, and as much relative on a probability;
   * times values below 5. No backend rounds its inputs.
   */
  private static final double FORWARD = 2e-5;

  private static final double BACKWARD = 1e-4;

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.DisentangledCase#cases")
  void attention_awkwardSizes_matchesReference(DisentangledCase c) {
    double[] expected =
        ReferenceDisentangledAttention.attention(
            TestTensors.widen(c.qkv()),
            TestTensors.widen(c.positions()),
            c.width(),
            c.places(),
            c.offsets(),
            c.spec());
    Closeness.assertClose("out of " + c, run(c, c.qkv(), c.lengths()), expected, FORWARD, 0);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.DisentangledCase#cases")
  void attention_rowAloneAndReversed_hasTheBitsItHasInABatch(DisentangledCase c) {
    float[] batch = run(c, c.qkv(), c.lengths());
    Closeness.assertSameBits("again", run(c, c.qkv(), c.lengths()), batch);
    int[] offsets = c.offsets();
    int wide = c.spec().projectionSize();
    int narrow = c.spec().outputSize();
    for (int r = 0; r < c.lengths().length; r++) {
      Closeness.assertSameBits(
          "row " + r,
          run(c, TestValues.part(c.qkv(), offsets, r, wide), c.lengths()[r]),
          TestValues.part(batch, offsets, r, narrow));
    }
    int rows = c.lengths().length;
    int[] lengths = IntStream.range(0, rows).map(r -> c.lengths()[rows - 1 - r]).toArray();
    Closeness.assertSameBits(
        "reversed",
        run(c, TestValues.reverse(c.qkv(), offsets, wide), lengths),
        TestValues.reverse(batch, offsets, narrow));
  }

  @Test
  void attention_notANumberInOneRow_staysThere() {
    DisentangledCase c = DisentangledCase.small();
    float[] qkv = c.qkv();
    float[] clean = run(c, qkv, c.lengths());
    int first = c.lengths()[0];
    Arrays.fill(qkv, 0, first * c.spec().projectionSize(), Float.NaN);
    float[] found = run(c, qkv, c.lengths());
    int from = first * c.spec().outputSize();
    Closeness.assertSameBits(
        "the other row",
        Arrays.copyOfRange(found, from, found.length),
        Arrays.copyOfRange(clean, from, clean.length));
  }

  @Test
  void attention_placeOutOfRange_namesIt() {
    DisentangledCase c = DisentangledCase.small();
    for (int wrong : new int[] {-1, c.vectors()}) {
      int[] places = c.places();
      places[3] = wrong;
      assertFoundInValues(() -> run(c, c.qkv(), tensors.of(places), c.lengths()))
          .isInstanceOf(ShapeException.class)
          .hasMessageContaining("disentangledAttention: expected indices in [0, 4)")
          .hasMessageContaining("got " + wrong + " at position 3");
    }
    assertThat(run(c, c.qkv(), c.lengths())).isNotEmpty();
  }

  @Test
  void attention_wrongShapes_nameTheTensor() {
    DisentangledCase c = DisentangledCase.small();
    assertThatThrownBy(() -> run(c, c.qkv(), tensors.of(0, 1), c.lengths()))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected places of an odd number of distances");
    DisentangledCase narrow = new DisentangledCase("narrow", new int[] {4}, 2, 3, 2, 4, 0, 6, 11);
    assertThatThrownBy(() -> run(narrow, narrow.qkv(), narrow.lengths()))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected positions of at least 12 columns");
  }

  @Test
  void backward_isThereIfDeclared() {
    DisentangledCase c = DisentangledCase.small();
    Tensor dQkv = tensors.output(DType.F32, c.tokens(), c.spec().projectionSize());
    float[] ones = new float[c.tokens() * c.spec().outputSize()];
    Arrays.fill(ones, 1);
    Tensor dOut = tensors.of(ones, c.tokens(), c.spec().outputSize());
    Runnable backward =
        () ->
            backend
                .attention()
                .disentangledAttentionBackward(
                    dQkv,
                    dOut,
                    tensors.of(c.qkv(), c.tokens(), c.spec().projectionSize()),
                    tensors.of(c.positions(), c.vectors(), c.width()),
                    tensors.of(c.places()),
                    tensors.rows(c.lengths()),
                    c.spec());
    if (!backend.capabilities().disentangledGradient()) {
      assertThatThrownBy(backward::run)
          .isInstanceOf(UnsupportedOpException.class)
          .hasMessageContaining("declares disentangledGradient");
      return;
    }
    backward.run();
    float[] found = tensors.read(dQkv);
    double[] x = TestTensors.widen(c.qkv());
    double step = 1e-5;
    for (int i = 0; i < x.length; i++) {
      double kept = x[i];
      x[i] = kept + step;
      double up = sum(x, c);
      x[i] = kept - step;
      double down = sum(x, c);
      x[i] = kept;
      assertThat((double) found[i]).isCloseTo((up - down) / (2 * step), within(BACKWARD));
    }
  }

  private static double sum(double[] qkv, DisentangledCase c) {
    double[] positions = TestTensors.widen(c.positions());
    return Arrays.stream(
            ReferenceDisentangledAttention.attention(
                qkv, positions, c.width(), c.places(), c.offsets(), c.spec()))
        .sum();
  }

  private float[] run(DisentangledCase c, float[] qkv, int... lengths) {
    return run(c, qkv, tensors.of(c.places()), lengths);
  }

  private float[] run(DisentangledCase c, float[] qkv, Tensor places, int... lengths) {
    int tokens = Arrays.stream(lengths).sum();
    Tensor out = tensors.output(DType.F32, tokens, c.spec().outputSize());
    backend
        .attention()
        .disentangledAttention(
            out,
            tensors.of(qkv, tokens, c.spec().projectionSize()),
            tensors.of(c.positions(), c.vectors(), c.width()),
            places,
            tensors.rows(lengths),
            c.spec());
    return tensors.read(out);
  }
}
