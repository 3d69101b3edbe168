package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What every implementation of {@link LossOps} must do with low-rank terms: a head of C inputs with
 * terms of R₁ and R₂ is one of C + R₁ + R₂ inputs.
 */
public abstract class HeadTermsConformance extends OpsConformance {

  /** Ranks of two terms; together the inputs of a case beyond {@link #size}. */
  private static final int[] RANKS = {2, 3};

  /** As in {@link LossOpsConformance}: chains of at most 40 roundings of sums below 30. */
  private static final double LOGPROB = 1e-5;

  /** As there: sums of up to 10,000 terms p·head with |head| < 5. */
  private static final double GRADIENT = 5e-5;

  static Stream<LossCase> cases() {
    return Stream.of(
        LossCase.of(1, 2, 6, false, 1),
        LossCase.of(5, 17, 8, true, 1),
        LossCase.of(33, 100, 13, false, 1 / 0.7f),
        LossCase.of(65, 1031, 37, true, 1).cappedAt(30),
        LossCase.of(7, 9001, 21, false, 0.5f));
  }

  private static int size(LossCase c) {
    return c.hiddenSize() - RANKS[0] - RANKS[1];
  }

  /** Columns {@code [from, to)} of a matrix. */
  private static float[] columns(float[] matrix, int width, int from, int to) {
    int rows = matrix.length / width;
    float[] part = new float[rows * (to - from)];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(matrix, r * width + from, part, r * (to - from), to - from);
    }
    return part;
  }

  private Tensor part(float[] matrix, LossCase c, int from, int to) {
    float[] values = columns(matrix, c.hiddenSize(), from, to);
    return tensors.of(values, values.length / (to - from), to - from);
  }

  private HeadInput input(LossCase c, float[] hidden) {
    int size = size(c);
    int second = size + RANKS[0];
    float[] weights = c.weights();
    Optional<Tensor> bias =
        c.biased() ? Optional.of(tensors.of(c.bias(), c.vocabulary())) : Optional.empty();
    return new HeadInput(
        part(hidden, c, 0, size),
        DenseWeight.of(part(weights, c, 0, size), bias),
        List.of(
            new HeadTerm(part(hidden, c, size, second), part(weights, c, size, second)),
            new HeadTerm(
                part(hidden, c, second, c.hiddenSize()),
                part(weights, c, second, c.hiddenSize()))));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tokenLogprobs_withTerms_areThoseOfAWiderHead(LossCase c) {
    Tensor logprobs = tensors.output(DType.F32, c.tokens());
    scores(c, input(c, c.hidden()), logprobs);
    double[] expected = new double[c.tokens()];
    double[][] all = c.logSoftmax(c.hidden());
    for (int m = 0; m < expected.length; m++) {
      expected[m] = all[m][c.targets()[m]];
    }
    Closeness.assertClose(c.toString(), tensors.read(logprobs), expected, LOGPROB, 0);
  }

  private Tensor scores(LossCase c, HeadInput input, Tensor logprobs) {
    Tensor normalizers = tensors.output(DType.F64, c.tokens(), 2);
    backend
        .loss()
        .tokenLogprobs(
            logprobs,
            tensors.output(DType.F32, c.tokens()),
            normalizers,
            input,
            tensors.of(c.targets()),
            c.logitSpec());
    return normalizers;
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tokenLogprobsBackward_withTerms_isThatOfAWiderHead(LossCase c) {
    int width = c.hiddenSize();
    double[] dHidden =
        ReferenceLossOps.tokenLogprobsBackward(
            TestTensors.widen(c.dLogprobs()),
            TestTensors.widen(c.hidden()),
            TestTensors.widen(c.weights()),
            TestTensors.widen(c.bias()),
            c.targets(),
            c.logitSpec());
    double[] dHead =
        ReferenceLossOps.headGradient(
            TestTensors.widen(c.dLogprobs()),
            TestTensors.widen(c.hidden()),
            TestTensors.widen(c.weights()),
            TestTensors.widen(c.bias()),
            c.targets(),
            c.logitSpec());
    HeadInput input = input(c, c.hidden());
    Tensor found = tensors.output(DType.F32, c.tokens(), size(c));
    Tensor dLow = tensors.output(DType.F32, c.tokens(), RANKS[0]);
    Tensor dLowOfFrozen = tensors.output(DType.F32, c.tokens(), RANKS[1]);
    float[] before = columns(c.headSums(), width, 0, RANKS[0]);
    Tensor dB = tensors.of(before, c.vocabulary(), RANKS[0]);
    backend
        .loss()
        .tokenLogprobsBackward(
            found,
            HeadGradient.NONE.withTerms(
                List.of(
                    new HeadTermGradient(dLow, Optional.of(dB)),
                    new HeadTermGradient(dLowOfFrozen, Optional.empty()))),
            tensors.of(c.dLogprobs(), c.tokens()),
            scores(c, input, tensors.output(DType.F32, c.tokens())),
            input,
            tensors.of(c.targets()),
            c.logitSpec());
    assertColumns("dHidden", found, dHidden, c.tokens(), width, 0);
    assertColumns("dLow", dLow, dHidden, c.tokens(), width, size(c));
    assertColumns("of frozen", dLowOfFrozen, dHidden, c.tokens(), width, size(c) + RANKS[0]);
    double[] sums = new double[c.vocabulary() * width];
    for (int v = 0; v < c.vocabulary(); v++) {
      for (int r = 0; r < RANKS[0]; r++) {
        int at = v * width + size(c) + r;
        sums[at] = before[v * RANKS[0] + r] + dHead[at];
      }
    }
    assertColumns("dB", dB, sums, c.vocabulary(), width, size(c));
  }

  private void assertColumns(
      String what, Tensor found, double[] matrix, int rows, int width, int from) {
    int columns = found.size(1);
    double[] expected = new double[rows * columns];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(matrix, r * width + from, expected, r * columns, columns);
    }
    Closeness.assertClose(what, tensors.read(found), expected, GRADIENT, 0);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void loss_withATermOfZero_changesNoBit(LossCase c) {
    Tensor hidden = tensors.of(c.hidden(), c.tokens(), c.hiddenSize());
    DenseWeight weight =
        DenseWeight.of(tensors.stored(c.head(), c.weights(), c.vocabulary(), c.hiddenSize()));
    HeadInput plain = HeadInput.of(hidden, weight);
    HeadTerm fresh =
        new HeadTerm(
            tensors.of(TestValues.normal(3, c.tokens() * 4), c.tokens(), 4),
            tensors.of(new float[c.vocabulary() * 4], c.vocabulary(), 4));
    HeadInput branched = new HeadInput(hidden, weight, List.of(fresh));
    Tensor expected = tensors.output(DType.F32, c.tokens());
    Tensor found = tensors.output(DType.F32, c.tokens());
    scores(c, plain, expected);
    scores(c, branched, found);
    Closeness.assertSameBits(c.toString(), tensors.read(found), tensors.read(expected));
    Tensor kl = tensors.output(DType.F32, c.tokens());
    backend.loss().fullKl(kl, branched, plain, c.logitSpec());
    assertThat(tensors.read(kl)).containsOnly(0f);
  }

  @Test
  void loss_termsOfWrongShapes_areNamed() {
    LossCase c = LossCase.of(5, 17, 8, true, 1);
    HeadInput input = input(c, c.hidden());
    HeadTerm term = input.terms().get(0);
    HeadTerm cut = new HeadTerm(term.low(), tensors.output(DType.F32, 16, RANKS[0]));
    Tensor logprobs = tensors.output(DType.F32, 5);
    assertShape(
        () -> scores(c, new HeadInput(input.hidden(), input.weight(), List.of(cut)), logprobs),
        "B of term 0");
    HeadTerm few = new HeadTerm(tensors.output(DType.F32, 4, RANKS[0]), term.b());
    assertShape(
        () -> scores(c, new HeadInput(input.hidden(), input.weight(), List.of(few)), logprobs),
        "low of term 0");
  }
}
