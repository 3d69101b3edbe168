package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link LossOps} must do. */
public abstract class LossOpsConformance extends OpsConformance {

  /**
   * Logits are chains of C ≤ 40 roundings of partial sums below 30, so 1e-5 at worst and 2e-6 as a
   * rule; the softmax adds a few 1e-7.
   */
  private static final double LOGPROB = 1e-5;

  /**
   * Logits as for {@link #LOGPROB}, in exponents, then sums of V ≤ 10,000 terms p·head with |head|
   * < 5.
   */
  private static final double GRADIENT = 5e-5;

  /** The roundings of a longer chain of sums wander with the square root of its length. */
  private static double gradient(LossCase c) {
    return GRADIENT * Math.max(1, Math.sqrt(c.vocabulary() / 1e4));
  }

  private LossRun on(LossCase c) {
    return new LossRun(backend, tensors, c);
  }

  private LogitRounding rounding(LossCase c) {
    DType inputs = c.head() == DType.F32 ? DType.F32 : backend.capabilities().matrixInputs();
    return new LogitRounding(c, StorageRounding.unit(inputs));
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void tokenLogprobs_awkwardSizes_matchReference(LossCase c) {
    LossRun.Scores scores = on(c).scores(c.hidden(), c.targets());
    LogitRounding rounding = rounding(c);
    double[][] logp = c.logSoftmax(c.hidden());
    float[] hidden = c.hidden();
    int[] targets = c.targets();
    for (int m = 0; m < c.tokens(); m++) {
      double[] expected = logp[m];
      double delta = rounding.logits(hidden, m);
      assertThat((double) scores.logprobs()[m])
          .as("log-probability %d", m)
          .isCloseTo(expected[targets[m]], within(LOGPROB + LogitRounding.logprob(delta)));
      assertThat((double) scores.entropy()[m])
          .as("entropy %d", m)
          .isCloseTo(
              ReferenceLossOps.entropy(expected),
              within(LOGPROB + LogitRounding.entropy(expected, delta)));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void tokenLogprobsBackward_awkwardSizes_matchesReference(LossCase c) {
    double[] expected =
        ReferenceLossOps.tokenLogprobsBackward(
            TestTensors.widen(c.dLogprobs()),
            TestTensors.widen(c.hidden()),
            TestTensors.widen(c.weights()),
            TestTensors.widen(c.bias()),
            c.targets(),
            c.logitSpec());
    float[] actual = on(c).gradient(c.hidden(), c.dLogprobs(), c.targets());
    LogitRounding rounding = rounding(c);
    double[][] logp = c.logSoftmax(c.hidden());
    for (int m = 0; m < c.tokens(); m++) {
      double[] bounds =
          rounding.gradient(
              logp[m], rounding.logits(c.hidden(), m), c.targets()[m], c.dLogprobs()[m]);
      for (int i = 0; i < bounds.length; i++) {
        int at = m * c.hiddenSize() + i;
        assertThat((double) actual[at])
            .as("element %d", at)
            .isCloseTo(expected[at], within(gradient(c) + bounds[i]));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void tokenLogprobsBackward_ofTheHead_isAddedAndMatchesReference(LossCase c) {
    LossRun.HeadSums sums = on(c).new HeadSums();
    float[] before = sums.read();
    sums.add(c.hidden(), c.dLogprobs(), c.targets());
    double[] expected =
        ReferenceLossOps.headGradient(
            TestTensors.widen(c.dLogprobs()),
            TestTensors.widen(c.hidden()),
            TestTensors.widen(c.weights()),
            TestTensors.widen(c.bias()),
            c.targets(),
            c.logitSpec());
    double[] bounds = headBounds(c);
    for (int i = 0; i < expected.length; i++) {
      expected[i] += before[i];
      bounds[i] += GRADIENT;
    }
    Closeness.assertClose(c.toString(), sums.read(), expected, bounds);
  }

  /** Of the gradients of head and bias, from what the logits are off by. */
  private double[] headBounds(LossCase c) {
    LogitRounding rounding = rounding(c);
    float[] hidden = c.hidden();
    float[] dLogprobs = c.dLogprobs();
    int[] targets = c.targets();
    double[][] logp = c.logSoftmax(hidden);
    int size = c.hiddenSize();
    double[] bounds = new double[c.vocabulary() * (size + 1)];
    for (int m = 0; m < c.tokens(); m++) {
      double relative = rounding.logitGradient(rounding.logits(hidden, m));
      for (int v = 0; v < c.vocabulary(); v++) {
        double dz = (v == targets[m] ? 1 : 0) - Math.exp(logp[m][v]);
        double bound = relative * Math.abs(c.scale() * dLogprobs[m] * dz);
        for (int i = 0; i < size; i++) {
          bounds[v * size + i] += bound * Math.abs(hidden[m * size + i]);
        }
        bounds[c.vocabulary() * size + v] += bound;
      }
    }
    return bounds;
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void tokenLogprobsBackward_ofTheHead_inAnyNumberOfCalls_sameBits(LossCase c) {
    LossRun.HeadSums together = on(c).new HeadSums();
    LossRun.HeadSums apart = on(c).new HeadSums();
    together.add(c.hidden(), c.dLogprobs(), c.targets());
    for (int from = 0, to; from < c.tokens(); from = to) {
      to = Math.min(c.tokens(), 2 * from + 1);
      apart.add(
          TestTensors.rowsOf(c.hidden(), c.hiddenSize(), from, to),
          Arrays.copyOfRange(c.dLogprobs(), from, to),
          Arrays.copyOfRange(c.targets(), from, to));
    }
    Closeness.assertSameBits(c.toString(), apart.read(), together.read());
  }

  @ParameterizedTest
  @ValueSource(floats = {0, 2})
  void tokenLogprobsBackward_smallRows_matchesCentralDifferences(float cap) {
    LossCase c = LossCase.of(4, 9, 5, true, 1.25f).cappedAt(cap);
    float[] actual = on(c).gradient(c.hidden(), c.dLogprobs(), c.targets());
    double[] x = TestTensors.widen(c.hidden());
    double step = 1e-5;
    for (int i = 0; i < x.length; i++) {
      double kept = x[i];
      x[i] = kept + step;
      double up = loss(c, x);
      x[i] = kept - step;
      double down = loss(c, x);
      x[i] = kept;
      assertThat((double) actual[i])
          .as("element %d", i)
          .isCloseTo((up - down) / (2 * step), within(GRADIENT));
    }
  }

  private static double loss(LossCase c, double[] hidden) {
    double loss = 0;
    for (int m = 0; m < c.tokens(); m++) {
      double[] logprobs =
          ReferenceLossOps.logSoftmax(
              hidden,
              m,
              TestTensors.widen(c.weights()),
              TestTensors.widen(c.bias()),
              c.logitSpec());
      loss += c.dLogprobs()[m] * logprobs[c.targets()[m]];
    }
    return loss;
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void fullKl_awkwardSizes_matchesReference(LossCase c) {
    float[] actual = on(c).divergence(c.hidden(), c.otherHidden());
    LogitRounding rounding = rounding(c);
    double[][] p = c.logSoftmax(c.hidden());
    double[][] q = c.logSoftmax(c.otherHidden());
    for (int m = 0; m < c.tokens(); m++) {
      double bound =
          LogitRounding.divergence(
              p[m], q[m], rounding.logits(c.hidden(), m), rounding.logits(c.otherHidden(), m));
      assertThat((double) actual[m])
          .as("row %d", m)
          .isCloseTo(ReferenceLossOps.divergence(p[m], q[m]), within(LOGPROB + bound));
    }
  }

  @Test
  void fullKl_ofTwoHeads_takesEachOfItsOwn() {
    LossCase c = LossCase.of(6, 70, 9, true, 1.25f);
    float[] hidden = c.hidden();
    float[] other = c.weights();
    for (int i = 0; i < other.length; i++) {
      other[i] *= 0.5f;
    }
    float[] actual = on(c).divergence(hidden, hidden, other);
    for (int m = 0; m < c.tokens(); m++) {
      double[] p = c.logSoftmax(hidden)[m];
      double[] q =
          ReferenceLossOps.logSoftmax(
              TestTensors.widen(hidden),
              m,
              TestTensors.widen(other),
              TestTensors.widen(c.bias()),
              c.logitSpec());
      assertThat((double) actual[m])
          .as("row %d", m)
          .isCloseTo(ReferenceLossOps.divergence(p, q), within(LOGPROB));
    }
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void fullKl_ofADistributionFromItself_isExactlyZero(LossCase c) {
    assertThat(on(c).divergence(c.hidden(), c.hidden())).containsOnly(0f);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void loss_twice_sameBits(LossCase c) {
    LossRun run = on(c);
    assertSameScores(run.scores(c.hidden(), c.targets()), run.scores(c.hidden(), c.targets()));
    Closeness.assertSameBits(
        "gradient",
        run.gradient(c.hidden(), c.dLogprobs(), c.targets()),
        run.gradient(c.hidden(), c.dLogprobs(), c.targets()));
    Closeness.assertSameBits(
        "divergence",
        run.divergence(c.hidden(), c.otherHidden()),
        run.divergence(c.hidden(), c.otherHidden()));
  }

  private static void assertSameScores(LossRun.Scores actual, LossRun.Scores expected) {
    Closeness.assertSameBits("log-probabilities", actual.logprobs(), expected.logprobs());
    Closeness.assertSameBits("entropies", actual.entropy(), expected.entropy());
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void loss_rowAlone_hasTheBitsItHasInABatch(LossCase c) {
    LossRun run = on(c);
    LossRun.Scores batch = run.scores(c.hidden(), c.targets());
    float[] gradients = run.gradient(c.hidden(), c.dLogprobs(), c.targets());
    float[] divergences = run.divergence(c.hidden(), c.otherHidden());
    int size = c.hiddenSize();
    for (int m = c.tokens() - 1; m >= 0; m--) {
      String row = "row %d: ".formatted(m);
      float[] hidden = TestTensors.rowsOf(c.hidden(), size, m, m + 1);
      float[] other = TestTensors.rowsOf(c.otherHidden(), size, m, m + 1);
      int[] target = {c.targets()[m]};
      LossRun.Scores alone = run.scores(hidden, target);
      assertThat(alone.logprobs()[0]).as(row + "log-probability").isEqualTo(batch.logprobs()[m]);
      assertThat(alone.entropy()[0]).as(row + "entropy").isEqualTo(batch.entropy()[m]);
      Closeness.assertSameBits(
          row + "gradient",
          run.gradient(hidden, new float[] {c.dLogprobs()[m]}, target),
          TestTensors.rowsOf(gradients, size, m, m + 1));
      assertThat(run.divergence(hidden, other)[0]).as(row + "KL").isEqualTo(divergences[m]);
    }
  }

  @Test
  void tokenLogprobs_equalLogits_areUniform() {
    LossCase c = LossCase.of(1, 4096, 2, false, 1);
    LossRun.Scores scores = on(c).scores(new float[2], new int[] {77});
    assertThat(scores.logprobs()[0]).isCloseTo((float) -Math.log(4096), within(1e-6f));
    assertThat(scores.entropy()[0]).isCloseTo((float) Math.log(4096), within(1e-6f));
  }

  @Test
  void tokenLogprobs_oneLogitDominates_hasNoEntropy() {
    Tensor hidden = tensors.of(new float[] {1, 1}, 2, 1);
    Tensor head = tensors.of(new float[] {1e30f, -1e30f, 3}, 3, 1);
    Tensor logprobs = tensors.output(DType.F32, 2);
    Tensor entropy = tensors.output(DType.F32, 2);
    backend
        .loss()
        .tokenLogprobs(
            logprobs,
            entropy,
            tensors.output(DType.F64, 2, 2),
            HeadInput.of(hidden, DenseWeight.of(head)),
            tensors.of(0, 2),
            LogitSpec.PLAIN);
    assertThat(tensors.read(logprobs)).containsExactly(0, -1e30f);
    assertThat(tensors.read(entropy)).containsExactly(0, 0);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void tokenLogprobs_normalizers_matchReference(LossCase c) {
    double[] normalizers = tensors.readDoubles(on(c).scores(c.hidden(), c.targets()).normalizers());
    LogitRounding rounding = rounding(c);
    for (int m = 0; m < c.tokens(); m++) {
      double[] z = c.logits(c.hidden(), m);
      double max = Arrays.stream(z).max().orElseThrow();
      double bound = LOGPROB + rounding.logits(c.hidden(), m);
      assertThat(normalizers[2 * m]).as("maximum %d", m).isCloseTo(max, within(bound));
      assertThat(normalizers[2 * m] + Math.log(normalizers[2 * m + 1]))
          .as("log-sum-exp %d", m)
          .isCloseTo(
              max + Math.log(Arrays.stream(z).map(x -> Math.exp(x - max)).sum()), within(bound));
    }
  }
}
