package dev.cantilever.backend;

import dev.cantilever.OpsException;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link LossOps} must refuse. */
public abstract class LossRefusalConformance extends OpsConformance {

  private LossRun on(LossCase c) {
    return new LossRun(backend, tensors, c);
  }

  @ParameterizedTest
  @CsvSource({"NaN,0", "Infinity,0", "-Infinity,0", "NaN,30", "Infinity,30", "-Infinity,30"})
  void loss_logitNotFinite_throwsNamingTensorAndRow(float bad, float cap) {
    LossCase c = LossCase.of(9, 50, 1, false, 1).cappedAt(cap);
    LossRun run = on(c);
    float[] hidden = new float[9];
    Arrays.fill(hidden, 1);
    hidden[5] = bad;
    hidden[7] = bad;
    assertNotFinite(() -> run.scores(hidden, c.targets()), "row 5 of hidden");
    Tensor normalizers = run.scores(c.hidden(), c.targets()).normalizers();
    assertNotFinite(
        () -> run.gradient(normalizers, hidden, c.dLogprobs(), c.targets()), "row 5 of hidden");
    assertNotFinite(() -> run.divergence(hidden, c.hidden()), "row 5 of hiddenP");
    assertNotFinite(() -> run.divergence(c.hidden(), hidden), "row 5 of hiddenQ");
    assertNotFinite(() -> run.gradient(c.hidden(), hidden, c.targets()), "row 5 of dLogprobs");
  }

  @ParameterizedTest
  @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
  void loss_oneLogitOfALastBlockNotFinite_throws(float bad) {
    float[] values = new float[4099];
    values[4098] = bad;
    Tensor head = tensors.of(values, 4099, 1);
    Tensor hidden = tensors.of(new float[] {1}, 1, 1);
    Tensor logprobs = tensors.output(DType.F32, 1);
    Tensor entropy = tensors.output(DType.F32, 1);
    assertNotFinite(
        () ->
            backend
                .loss()
                .tokenLogprobs(
                    logprobs,
                    entropy,
                    tensors.output(DType.F64, 1, 2),
                    HeadInput.of(hidden, DenseWeight.of(head)),
                    tensors.of(0),
                    LogitSpec.PLAIN),
        "row 0");
  }

  private void assertNotFinite(ThrowingCallable call, String where) {
    assertFoundInValues(call)
        .isInstanceOf(OpsException.class)
        .hasMessageContaining("expected finite")
        .hasMessageContaining(where);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 50})
  void loss_targetOutOfRange_throwsNamingTheRow(int target) {
    LossCase c = LossCase.of(3, 50, 2, false, 1);
    int[] targets = {0, 49, target};
    assertFoundInValues(() -> on(c).scores(c.hidden(), targets))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("got " + target + " in row 2");
    assertFoundInValues(() -> on(c).gradient(c.hidden(), c.dLogprobs(), targets))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("got " + target + " in row 2");
  }

  @Test
  void loss_wrongShapes_throwNamingTheTensor() {
    LossOps ops = backend.loss();
    Weight head = DenseWeight.of(tensors.output(DType.F32, 7, 4));
    Tensor hidden = tensors.output(DType.F32, 3, 4);
    Tensor wrong = tensors.output(DType.F32, 3, 5);
    Tensor three = tensors.output(DType.F32, 3);
    Tensor pairs = tensors.output(DType.F64, 3, 2);
    Tensor targets = tensors.of(0, 0, 0);
    HeadGradient none = HeadGradient.NONE;
    assertShape(
        () ->
            ops.tokenLogprobs(
                three, three, pairs, HeadInput.of(wrong, head), targets, LogitSpec.PLAIN),
        "hidden");
    assertShape(
        () ->
            ops.tokenLogprobs(
                wrong, three, pairs, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN),
        "logprobs");
    assertShape(
        () ->
            ops.tokenLogprobs(
                three, wrong, pairs, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN),
        "entropy");
    assertShape(
        () ->
            ops.tokenLogprobs(
                three, three, pairs, HeadInput.of(hidden, head), three, LogitSpec.PLAIN),
        "targets");
    assertShape(
        () ->
            ops.tokenLogprobs(
                three, three, three, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN),
        "normalizers");
    assertShape(
        () ->
            ops.tokenLogprobsBackward(
                wrong, none, three, pairs, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN),
        "dHidden");
    assertShape(
        () ->
            ops.tokenLogprobsBackward(
                hidden,
                new HeadGradient(Optional.of(hidden), Optional.empty()),
                three,
                pairs,
                HeadInput.of(hidden, head),
                targets,
                LogitSpec.PLAIN),
        "matrix of dHead");
    assertShape(
        () ->
            ops.tokenLogprobsBackward(
                hidden,
                new HeadGradient(Optional.empty(), Optional.of(three)),
                three,
                pairs,
                HeadInput.of(hidden, head),
                targets,
                LogitSpec.PLAIN),
        "bias of dHead");
    assertShape(
        () ->
            ops.tokenLogprobsBackward(
                hidden, none, three, three, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN),
        "normalizers");
    assertShape(
        () ->
            ops.tokenLogprobsBackward(
                hidden, none, wrong, pairs, HeadInput.of(hidden, head), targets, LogitSpec.PLAIN),
        "dLogprobs");
    assertShape(
        () ->
            ops.fullKl(
                wrong, HeadInput.of(hidden, head), HeadInput.of(hidden, head), LogitSpec.PLAIN),
        "kl");
    assertShape(
        () ->
            ops.fullKl(
                three, HeadInput.of(hidden, head), HeadInput.of(wrong, head), LogitSpec.PLAIN),
        "hiddenQ");
    Weight shorter = DenseWeight.of(tensors.output(DType.F32, 6, 4));
    assertShape(
        () ->
            ops.fullKl(
                three, HeadInput.of(hidden, head), HeadInput.of(hidden, shorter), LogitSpec.PLAIN),
        "headQ");
  }
}
