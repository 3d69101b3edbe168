package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cantilever.OpsException;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every {@link LossOps} must do; a backend inherits it and says what is under test. */
public abstract class LossOpsConformance {

  /** Printed with every failure by the name of the case; change it to see other values. */
  private static final long SEED = 20_260_102;

  /**
   * Logits are chains of C ≤ 40 roundings of partial sums below 30, so 1e-5 at worst and 2e-6 as a
   * rule; the softmax adds a few 1e-7.
   */
  private static final double LOGPROB = 1e-5;

  /** Logits as for {@link #LOGPROB}, in exponents, then sums of V terms p·head with |head| < 5. */
  private static final double GRADIENT = 5e-5;

  private static final long ROOM = 1L << 20;

  private final GuardedMemory memory = new GuardedMemory();
  private final Arena workspace = memory.budget().open("loss workspace", Purpose.WORKSPACE);

  /**
   * The operations under test.
   *
   * @param arena where logits may live
   * @param bytes the most that they may take, beyond one token
   */
  protected abstract LossOps ops(Arena arena, long bytes);

  @AfterEach
  void closeMemory() {
    assertThat(workspace.usedBytes()).as("workspace left in use").isZero();
    workspace.close();
    memory.close();
  }

  record Case(int tokens, int vocabulary, int hiddenSize, boolean biased, float scale) {

    float[] hidden() {
      return TestValues.normal(SEED + tokens, tokens * hiddenSize);
    }

    float[] otherHidden() {
      float[] values = hidden();
      float[] noise = TestValues.normal(SEED + tokens + 1000, values.length);
      for (int i = 0; i < values.length; i++) {
        values[i] += 0.3f * noise[i];
      }
      return values;
    }

    float[] head() {
      return TestValues.normal(SEED + vocabulary, vocabulary * hiddenSize);
    }

    float[] bias() {
      return biased ? TestValues.normal(SEED + vocabulary + 1, vocabulary) : new float[vocabulary];
    }

    int[] targets() {
      Random random = new Random(SEED);
      return IntStream.range(0, tokens).map(m -> random.nextInt(vocabulary)).toArray();
    }

    float[] dLogprobs() {
      return TestValues.normal(SEED + 7, tokens);
    }

    @Override
    public String toString() {
      return "M=%d V=%d C=%d bias=%s scale=%s seed=%d"
          .formatted(tokens, vocabulary, hiddenSize, biased, scale, SEED);
    }
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(1, 1, 1, false, 1),
        new Case(1, 2, 3, false, 1),
        new Case(5, 17, 3, true, 1),
        new Case(33, 100, 8, false, 1 / 0.7f),
        new Case(7, 2049, 16, false, 1),
        new Case(2, 5000, 40, true, 0.5f),
        new Case(64, 31, 5, false, 1));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tokenLogprobs_awkwardSizes_matchReference(Case c) {
    Scored scored = score(c, c.hidden(), c.targets(), ROOM);
    for (int m = 0; m < c.tokens(); m++) {
      double[] expected = logSoftmax(c, c.hidden(), m);
      assertThat((double) scored.logprobs()[m])
          .as("log-probability %d", m)
          .isCloseTo(expected[c.targets()[m]], within(LOGPROB));
      assertThat((double) scored.entropy()[m])
          .as("entropy %d", m)
          .isCloseTo(ReferenceLossOps.entropy(expected), within(LOGPROB));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tokenLogprobsBackward_awkwardSizes_matchesReference(Case c) {
    double[] expected =
        ReferenceLossOps.tokenLogprobsBackward(
            TestValues.widened(c.dLogprobs()),
            TestValues.widened(c.hidden()),
            TestValues.widened(c.head()),
            TestValues.widened(c.bias()),
            c.targets(),
            c.scale());
    float[] actual = gradient(c, c.hidden(), c.dLogprobs(), c.targets(), ROOM);
    for (int i = 0; i < expected.length; i++) {
      assertThat((double) actual[i]).as("element %d", i).isCloseTo(expected[i], within(GRADIENT));
    }
  }

  @Test
  void tokenLogprobsBackward_smallRows_matchesCentralDifferences() {
    Case c = new Case(4, 9, 5, true, 1.25f);
    float[] actual = gradient(c, c.hidden(), c.dLogprobs(), c.targets(), ROOM);
    double[] x = TestValues.widened(c.hidden());
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

  private static double loss(Case c, double[] hidden) {
    double loss = 0;
    for (int m = 0; m < c.tokens(); m++) {
      double[] logprobs =
          ReferenceLossOps.logSoftmax(
              hidden, m, TestValues.widened(c.head()), TestValues.widened(c.bias()), c.scale());
      loss += c.dLogprobs()[m] * logprobs[c.targets()[m]];
    }
    return loss;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fullKl_awkwardSizes_matchesReference(Case c) {
    float[] actual = divergence(c, c.hidden(), c.otherHidden(), ROOM);
    for (int m = 0; m < c.tokens(); m++) {
      double expected =
          ReferenceLossOps.divergence(
              logSoftmax(c, c.hidden(), m), logSoftmax(c, c.otherHidden(), m));
      assertThat((double) actual[m]).as("row %d", m).isCloseTo(expected, within(LOGPROB));
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void fullKl_ofADistributionFromItself_isExactlyZero(Case c) {
    assertThat(divergence(c, c.hidden(), c.hidden(), ROOM)).containsOnly(0f);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3 * 4 * 100, 10 * 4 * 100 + 7})
  void loss_anyWorkspace_sameBits(long bytes) {
    Case c = new Case(33, 100, 8, false, 1);
    Scored all = score(c, c.hidden(), c.targets(), ROOM);
    Scored some = score(c, c.hidden(), c.targets(), bytes);
    assertThat(TestValues.bits(some.logprobs())).isEqualTo(TestValues.bits(all.logprobs()));
    assertThat(TestValues.bits(some.entropy())).isEqualTo(TestValues.bits(all.entropy()));
    assertThat(TestValues.bits(gradient(c, c.hidden(), c.dLogprobs(), c.targets(), bytes)))
        .isEqualTo(TestValues.bits(gradient(c, c.hidden(), c.dLogprobs(), c.targets(), ROOM)));
    assertThat(TestValues.bits(divergence(c, c.hidden(), c.otherHidden(), bytes)))
        .isEqualTo(TestValues.bits(divergence(c, c.hidden(), c.otherHidden(), ROOM)));
  }

  @Test
  void loss_workspace_holdsNoMoreThanItMay() {
    Case c = new Case(64, 128, 2, false, 1);
    score(c, c.hidden(), c.targets(), 5 * 4 * 128);
    gradient(c, c.hidden(), c.dLogprobs(), c.targets(), 5 * 4 * 128);
    divergence(c, c.hidden(), c.otherHidden(), 5 * 4 * 128);
    assertThat(workspace.peakBytes()).isLessThanOrEqualTo(5 * 4 * 128);
  }

  @Test
  void loss_twice_sameBits() {
    Case c = new Case(21, 300, 8, true, 1);
    assertThat(TestValues.bits(score(c, c.hidden(), c.targets(), ROOM).logprobs()))
        .isEqualTo(TestValues.bits(score(c, c.hidden(), c.targets(), ROOM).logprobs()));
    assertThat(TestValues.bits(gradient(c, c.hidden(), c.dLogprobs(), c.targets(), ROOM)))
        .isEqualTo(TestValues.bits(gradient(c, c.hidden(), c.dLogprobs(), c.targets(), ROOM)));
  }

  @Test
  void loss_rowAlone_hasTheBitsItHasInABatch() {
    Case c = new Case(13, 333, 6, false, 1);
    Case one = new Case(1, 333, 6, false, 1);
    Scored batch = score(c, c.hidden(), c.targets(), ROOM);
    float[] gradients = gradient(c, c.hidden(), c.dLogprobs(), c.targets(), ROOM);
    float[] divergences = divergence(c, c.hidden(), c.otherHidden(), ROOM);
    for (int m = c.tokens() - 1; m >= 0; m--) {
      float[] hidden = Arrays.copyOfRange(c.hidden(), m * 6, m * 6 + 6);
      float[] other = Arrays.copyOfRange(c.otherHidden(), m * 6, m * 6 + 6);
      int[] target = {c.targets()[m]};
      Scored alone = score(one, hidden, target, ROOM);
      assertThat(alone.logprobs()[0]).isEqualTo(batch.logprobs()[m]);
      assertThat(alone.entropy()[0]).isEqualTo(batch.entropy()[m]);
      assertThat(
              TestValues.bits(gradient(one, hidden, new float[] {c.dLogprobs()[m]}, target, ROOM)))
          .isEqualTo(TestValues.bits(Arrays.copyOfRange(gradients, m * 6, m * 6 + 6)));
      assertThat(divergence(one, hidden, other, ROOM)[0]).isEqualTo(divergences[m]);
    }
  }

  @Test
  void tokenLogprobs_equalLogits_areUniform() {
    Case c = new Case(1, 4096, 2, false, 1);
    Scored scored = score(c, new float[2], new int[] {77}, ROOM);
    assertThat(scored.logprobs()[0]).isCloseTo((float) -Math.log(4096), within(1e-6f));
    assertThat(scored.entropy()[0]).isCloseTo((float) Math.log(4096), within(1e-6f));
  }

  @Test
  void tokenLogprobs_oneLogitDominates_hasNoEntropy() {
    Tensor hidden = memory.floats(new float[] {1, 1}, 2, 1);
    Tensor head = memory.floats(new float[] {1e30f, -1e30f, 3}, 3, 1);
    Tensor logprobs = memory.output(2);
    Tensor entropy = memory.output(2);
    ops(workspace, ROOM)
        .tokenLogprobs(logprobs, entropy, hidden, DenseWeight.of(head), memory.ints(0, 2), 1);
    assertThat(GuardedMemory.read(logprobs)).containsExactly(0, -1e30f);
    assertThat(GuardedMemory.read(entropy)).containsExactly(0, 0);
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void loss_logitNotFinite_throwsNamingTensorAndRow(float bad) {
    Case c = new Case(9, 50, 1, false, 1);
    float[] hidden = new float[9];
    Arrays.fill(hidden, 1);
    hidden[5] = bad;
    hidden[7] = bad;
    long bytes = 2 * 4 * 50;
    assertNotFinite(() -> score(c, hidden, c.targets(), bytes), "row 5 of hidden F32[9, 1]");
    assertNotFinite(
        () -> gradient(c, hidden, c.dLogprobs(), c.targets(), bytes), "row 5 of hidden F32[9, 1]");
    assertNotFinite(() -> divergence(c, hidden, c.hidden(), bytes), "row 5 of hiddenP");
    assertNotFinite(() -> divergence(c, c.hidden(), hidden, bytes), "row 5 of hiddenQ");
    assertNotFinite(
        () -> gradient(c, c.hidden(), hidden, c.targets(), bytes), "row 5 of dLogprobs");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void loss_oneLogitOfALastBlockNotFinite_throws(float bad) {
    float[] values = new float[4099];
    values[4098] = bad;
    Tensor head = memory.floats(values, 4099, 1);
    Tensor hidden = memory.floats(new float[] {1}, 1, 1);
    assertNotFinite(
        () ->
            ops(workspace, ROOM)
                .tokenLogprobs(
                    memory.output(1),
                    memory.output(1),
                    hidden,
                    DenseWeight.of(head),
                    memory.ints(0),
                    1),
        "row 0");
  }

  private static void assertNotFinite(Runnable call, String where) {
    assertThatThrownBy(call::run)
        .isInstanceOf(OpsException.class)
        .hasMessageContaining("expected finite")
        .hasMessageContaining(where);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 50})
  void loss_targetOutOfRange_throwsNamingTheRow(int target) {
    Case c = new Case(3, 50, 2, false, 1);
    int[] targets = {0, 49, target};
    assertThatThrownBy(() -> score(c, c.hidden(), targets, ROOM))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("got " + target + " in row 2");
    assertThatThrownBy(() -> gradient(c, c.hidden(), c.dLogprobs(), targets, ROOM))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("got " + target + " in row 2");
  }

  @Test
  void loss_wrongShapes_throwNamingTheTensor() {
    LossOps ops = ops(workspace, ROOM);
    Weight head = DenseWeight.of(memory.output(7, 4));
    Tensor hidden = memory.output(3, 4);
    Tensor wrong = memory.output(3, 5);
    Tensor three = memory.output(3);
    Tensor targets = memory.ints(0, 0, 0);
    assertShape(() -> ops.tokenLogprobs(three, three, wrong, head, targets, 1), "hidden");
    assertShape(() -> ops.tokenLogprobs(wrong, three, hidden, head, targets, 1), "logprobs");
    assertShape(() -> ops.tokenLogprobs(three, wrong, hidden, head, targets, 1), "entropy");
    assertShape(() -> ops.tokenLogprobs(three, three, hidden, head, three, 1), "targets");
    assertShape(() -> ops.tokenLogprobsBackward(wrong, three, hidden, head, targets, 1), "dHidden");
    assertShape(
        () -> ops.tokenLogprobsBackward(hidden, wrong, hidden, head, targets, 1), "dLogprobs");
    assertShape(() -> ops.fullKl(wrong, hidden, hidden, head, 1), "kl");
    assertShape(() -> ops.fullKl(three, hidden, wrong, head, 1), "hiddenQ");
  }

  private static void assertShape(Runnable call, String tensor) {
    assertThatThrownBy(call::run)
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected " + tensor);
  }

  private record Scored(float[] logprobs, float[] entropy) {}

  private Scored score(Case c, float[] hidden, int[] targets, long bytes) {
    Tensor logprobs = memory.output(c.tokens());
    Tensor entropy = memory.output(c.tokens());
    ops(workspace, bytes)
        .tokenLogprobs(
            logprobs,
            entropy,
            memory.floats(hidden, c.tokens(), c.hiddenSize()),
            head(c),
            memory.ints(targets),
            c.scale());
    return new Scored(GuardedMemory.read(logprobs), GuardedMemory.read(entropy));
  }

  private float[] gradient(Case c, float[] hidden, float[] dLogprobs, int[] targets, long bytes) {
    Tensor dHidden = memory.output(c.tokens(), c.hiddenSize());
    ops(workspace, bytes)
        .tokenLogprobsBackward(
            dHidden,
            memory.floats(dLogprobs, c.tokens()),
            memory.floats(hidden, c.tokens(), c.hiddenSize()),
            head(c),
            memory.ints(targets),
            c.scale());
    return GuardedMemory.read(dHidden);
  }

  private float[] divergence(Case c, float[] p, float[] q, long bytes) {
    Tensor kl = memory.output(c.tokens());
    ops(workspace, bytes)
        .fullKl(
            kl,
            memory.floats(p, c.tokens(), c.hiddenSize()),
            memory.floats(q, c.tokens(), c.hiddenSize()),
            head(c),
            c.scale());
    return GuardedMemory.read(kl);
  }

  private Weight head(Case c) {
    Tensor values = memory.floats(c.head(), c.vocabulary(), c.hiddenSize());
    Optional<Tensor> bias =
        c.biased() ? Optional.of(memory.floats(c.bias(), c.vocabulary())) : Optional.empty();
    return DenseWeight.of(values, bias);
  }

  private static double[] logSoftmax(Case c, float[] hidden, int token) {
    return ReferenceLossOps.logSoftmax(
        TestValues.widened(hidden),
        token,
        TestValues.widened(c.head()),
        TestValues.widened(c.bias()),
        c.scale());
  }
}
