package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A head with a term of DoRA's lengths and a plain one behind it: as a wider head whose rows are
 * longer by these lengths, in double. Lengths are powers of two, by which numbers divide exactly.
 */
public abstract class HeadLengthsConformance extends OpsConformance {

  private static final int RANK = 2;
  private static final int PLAIN_RANK = 3;

  /** As in {@link HeadTermsConformance}. */
  private static final double LOGPROB = 1e-5;

  /** As there; of what is divided by a length of 1/2 twice as much. */
  private static final double GRADIENT = 1e-4;

  static Stream<LossCase> cases() {
    return HeadTermsConformance.cases();
  }

  private static float gain(int entry) {
    return new float[] {0.5f, 1, 2}[entry % 3];
  }

  private static float inverseNorm(int entry) {
    return 0.25f * (1 + entry % 5);
  }

  private static int size(LossCase c) {
    return c.hiddenSize() - RANK - PLAIN_RANK;
  }

  private interface OfEntry {
    float at(int entry);
  }

  private Tensor vector(LossCase c, OfEntry values) {
    float[] all = new float[c.vocabulary()];
    for (int v = 0; v < all.length; v++) {
      all[v] = values.at(v);
    }
    return tensors.of(all, all.length);
  }

  private HeadLengths lengths(LossCase c, Optional<Tensor> dropped) {
    float[] bias = c.biased() ? c.bias() : new float[c.vocabulary()];
    return new HeadLengths(
        vector(c, HeadLengthsConformance::gain),
        vector(c, v -> gain(v) - 1),
        vector(c, v -> (1 - gain(v)) * bias[v]),
        vector(c, HeadLengthsConformance::inverseNorm),
        vector(c, v -> 0),
        dropped);
  }

  /** Columns {@code [from, to)} of a matrix, those of entries perhaps divided by their lengths. */
  private Tensor part(float[] matrix, LossCase c, int from, int to, boolean divided) {
    int rows = matrix.length / c.hiddenSize();
    float[] part = new float[rows * (to - from)];
    for (int r = 0; r < rows; r++) {
      for (int i = from; i < to; i++) {
        float value = matrix[r * c.hiddenSize() + i];
        part[r * (to - from) + i - from] = divided ? value / gain(r) : value;
      }
    }
    return tensors.of(part, rows, to - from);
  }

  private HeadInput input(LossCase c, boolean dropped) {
    int size = size(c);
    int end = size + RANK;
    Tensor hidden = part(c.hidden(), c, 0, size, false);
    Optional<Tensor> bias =
        c.biased() ? Optional.of(tensors.of(c.bias(), c.vocabulary())) : Optional.empty();
    return new HeadInput(
        hidden,
        DenseWeight.of(part(c.weights(), c, 0, size, true), bias),
        List.of(
            new HeadTerm(
                part(c.hidden(), c, size, end, false),
                part(c.weights(), c, size, end, true),
                Optional.of(
                    lengths(
                        c,
                        dropped
                            ? Optional.of(part(c.hidden(), c, 0, size, false))
                            : Optional.empty()))),
            new HeadTerm(
                part(c.hidden(), c, end, c.hiddenSize(), false),
                part(c.weights(), c, end, c.hiddenSize(), false))));
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
  void tokenLogprobs_withLengths_areThoseOfALongerHead(LossCase c) {
    double[] expected = new double[c.tokens()];
    double[][] all = c.logSoftmax(c.hidden());
    for (int m = 0; m < expected.length; m++) {
      expected[m] = all[m][c.targets()[m]];
    }
    for (boolean dropped : new boolean[] {false, true}) {
      Tensor logprobs = tensors.output(DType.F32, c.tokens());
      scores(c, input(c, dropped), logprobs);
      Closeness.assertClose(c.toString(), tensors.read(logprobs), expected, LOGPROB, 0);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void tokenLogprobsBackward_withLengths_isThatOfALongerHead(LossCase c) {
    backward(c, false);
  }

  /** What is dropped here is nothing, but comes by another way. */
  @ParameterizedTest
  @MethodSource("cases")
  void tokenLogprobsBackward_withLengthsOfOtherStates_isThatOfALongerHead(LossCase c) {
    backward(c, true);
  }

  private void backward(LossCase c, boolean dropped) {
    int width = c.hiddenSize();
    int size = size(c);
    double[] dAll =
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
    HeadInput input = input(c, dropped);
    Tensor dHidden = tensors.output(DType.F32, c.tokens(), size);
    Tensor dLow = tensors.output(DType.F32, c.tokens(), RANK);
    Tensor dLowOfPlain = tensors.output(DType.F32, c.tokens(), PLAIN_RANK);
    Tensor dB = tensors.of(new float[c.vocabulary() * RANK], c.vocabulary(), RANK);
    Tensor dMatrix = tensors.of(new float[c.vocabulary() * size], c.vocabulary(), size);
    Tensor dLengths = vector(c, v -> v);
    Optional<Tensor> dDropped =
        dropped ? Optional.of(tensors.output(DType.F32, c.tokens(), size)) : Optional.empty();
    backend
        .loss()
        .tokenLogprobsBackward(
            dHidden,
            new HeadGradient(
                Optional.of(dMatrix),
                Optional.empty(),
                List.of(
                    new HeadTermGradient(dLow, Optional.of(dB), Optional.of(dLengths), dDropped),
                    new HeadTermGradient(dLowOfPlain, Optional.empty()))),
            tensors.of(c.dLogprobs(), c.tokens()),
            scores(c, input, tensors.output(DType.F32, c.tokens())),
            input,
            tensors.of(c.targets()),
            c.logitSpec());
    float[] hidden = tensors.read(dHidden);
    if (dDropped.isPresent()) {
      float[] beside = tensors.read(dDropped.get());
      for (int i = 0; i < hidden.length; i++) {
        hidden[i] += beside[i];
      }
    }
    assertClose("dHidden", hidden, columns(dAll, width, 0, size));
    assertClose("dLow", tensors.read(dLow), columns(dAll, width, size, size + RANK));
    assertClose("plain", tensors.read(dLowOfPlain), columns(dAll, width, size + RANK, width));
    double[] head = Arrays.copyOf(dHead, c.vocabulary() * width); // without the bias
    double[] ofB = columns(head, width, size, size + RANK);
    double[] ofMatrix = columns(head, width, 0, size);
    double[] ofLengths = new double[c.vocabulary()];
    float[] weights = c.weights();
    for (int v = 0; v < c.vocabulary(); v++) {
      ofLengths[v] = v;
      for (int i = 0; i < size + RANK; i++) {
        double value = weights[v * width + i] / gain(v);
        ofLengths[v] += head[v * width + i] * value * inverseNorm(v);
      }
      lengthen(ofB, v, RANK);
      lengthen(ofMatrix, v, size);
    }
    assertClose("dB", tensors.read(dB), ofB);
    assertClose("dLengths", tensors.read(dLengths), ofLengths);
    assertClose("dHead", tensors.read(dMatrix), ofMatrix);
  }

  private static void lengthen(double[] matrix, int row, int columns) {
    for (int i = 0; i < columns; i++) {
      matrix[row * columns + i] *= gain(row);
    }
  }

  private static double[] columns(double[] matrix, int width, int from, int to) {
    int rows = matrix.length / width;
    double[] part = new double[rows * (to - from)];
    for (int r = 0; r < rows; r++) {
      System.arraycopy(matrix, r * width + from, part, r * (to - from), to - from);
    }
    return part;
  }

  /** Within a part of the largest, since a sum's terms cancel. */
  private static void assertClose(String what, float[] found, double[] expected) {
    double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
    Closeness.assertClose(what, found, expected, GRADIENT * Math.max(1, largest), 0);
  }

  @ParameterizedTest
  @MethodSource("dev.cantilever.backend.LossCase#cases")
  void loss_withFreshLengths_changesNoBit(LossCase c) {
    Tensor hidden = tensors.of(c.hidden(), c.tokens(), c.hiddenSize());
    DenseWeight weight =
        DenseWeight.of(tensors.stored(c.head(), c.weights(), c.vocabulary(), c.hiddenSize()));
    Tensor zero = vector(c, v -> 0);
    HeadLengths lengths =
        new HeadLengths(
            vector(c, v -> 1),
            zero,
            zero,
            vector(c, HeadLengthsConformance::inverseNorm),
            zero,
            Optional.empty());
    HeadTerm fresh =
        new HeadTerm(
            tensors.of(TestValues.normal(3, c.tokens() * 4), c.tokens(), 4),
            tensors.of(new float[c.vocabulary() * 4], c.vocabulary(), 4),
            Optional.of(lengths));
    HeadInput branched = new HeadInput(hidden, weight, List.of(fresh));
    Tensor expected = tensors.output(DType.F32, c.tokens());
    Tensor found = tensors.output(DType.F32, c.tokens());
    scores(c, HeadInput.of(hidden, weight), expected);
    scores(c, branched, found);
    Closeness.assertSameBits(c.toString(), tensors.read(found), tensors.read(expected));
    Tensor kl = tensors.output(DType.F32, c.tokens());
    backend.loss().fullKl(kl, branched, HeadInput.of(hidden, weight), c.logitSpec());
    assertThat(tensors.read(kl)).containsOnly(0f);
  }

  @Test
  void loss_lengthsOfWrongShapes_areNamed() {
    LossCase c = LossCase.of(5, 17, 8, true, 1);
    HeadInput input = input(c, false);
    HeadTerm term = input.terms().get(0);
    HeadLengths right = lengths(c, Optional.empty());
    HeadLengths cut =
        new HeadLengths(
            right.gain(),
            tensors.output(DType.F32, 16),
            right.excessShift(),
            right.inverseNorm(),
            right.zero(),
            Optional.empty());
    HeadTerm wrong = new HeadTerm(term.low(), term.b(), Optional.of(cut));
    HeadInput head = new HeadInput(input.hidden(), input.weight(), List.of(wrong));
    assertShape(() -> scores(c, head, tensors.output(DType.F32, 5)), "excess of term 0");
    assertShape(
        () ->
            backend
                .loss()
                .fullKl(tensors.output(DType.F32, 5), input(c, true), input, c.logitSpec()),
        "dropped hidden states");
  }

  /** What is before would have to be made of dropped hidden states beside those that are not. */
  @Test
  void tokenLogprobsBackward_lengthsBehindATermThatDrops_areRefused() {
    LossCase c = LossCase.of(5, 17, 8, true, 1);
    HeadInput dropping = input(c, true);
    HeadTerm plain = input(c, false).terms().get(0);
    HeadTerm first = dropping.terms().get(0);
    HeadInput head = new HeadInput(dropping.hidden(), dropping.weight(), List.of(first, plain));
    Tensor dHidden = tensors.output(DType.F32, c.tokens(), size(c));
    Optional<Tensor> dLengths = Optional.of(vector(c, v -> v));
    HeadGradient dHead =
        new HeadGradient(
            Optional.empty(),
            Optional.empty(),
            List.of(
                new HeadTermGradient(
                    tensors.output(DType.F32, c.tokens(), RANK),
                    Optional.empty(),
                    dLengths,
                    Optional.of(tensors.output(DType.F32, c.tokens(), size(c)))),
                new HeadTermGradient(
                    tensors.output(DType.F32, c.tokens(), RANK),
                    Optional.empty(),
                    dLengths,
                    Optional.empty())));
    assertShape(
        () ->
            backend
                .loss()
                .tokenLogprobsBackward(
                    dHidden,
                    dHead,
                    tensors.of(c.dLogprobs(), c.tokens()),
                    tensors.output(DType.F64, c.tokens(), 2),
                    head,
                    tensors.of(c.targets()),
                    c.logitSpec()),
        "dropped hidden states of term 1");
  }
}
