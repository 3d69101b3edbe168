package dev.cantilever.backend;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.util.Arrays;
import java.util.Optional;

/** The operations of {@link LossOps} on the head of a case, from host values to host values. */
public final class LossRun {

  private final Backend backend;
  private final TestTensors tensors;
  private final LossCase c;
  private final Weight head;

  /** Puts the head of a case on a device. */
  public LossRun(Backend backend, TestTensors tensors, LossCase c) {
    this.backend = backend;
    this.tensors = tensors;
    this.c = c;
    Tensor values = tensors.stored(c.head(), c.weights(), c.vocabulary(), c.hiddenSize());
    Optional<Tensor> bias =
        c.biased()
            ? Optional.of(tensors.stored(c.head(), c.bias(), c.vocabulary()))
            : Optional.empty();
    head = DenseWeight.of(values, bias);
  }

  /** What {@link LossOps#tokenLogprobs} finds, [M] each; the normalizers are on the device. */
  public record Scores(float[] logprobs, float[] entropy, Tensor normalizers) {}

  /** Scores of hidden states [M, C]. */
  public Scores scores(float[] hidden, int[] targets) {
    Tensor logprobs = tensors.output(DType.F32, targets.length);
    Tensor entropy = tensors.output(DType.F32, targets.length);
    Tensor normalizers = tensors.output(DType.F64, targets.length, 2);
    backend
        .loss()
        .tokenLogprobs(
            logprobs,
            entropy,
            normalizers,
            HeadInput.of(hidden(hidden), head),
            tensors.of(targets),
            c.logitSpec());
    return new Scores(tensors.read(logprobs), tensors.read(entropy), normalizers);
  }

  /** Gradient with respect to hidden states [M, C]. */
  public float[] gradient(float[] hidden, float[] dLogprobs, int[] targets) {
    return gradient(scores(hidden, targets).normalizers(), hidden, dLogprobs, targets);
  }

  /** Gradient with respect to hidden states [M, C], whose normalizers are given. */
  public float[] gradient(Tensor normalizers, float[] hidden, float[] dLogprobs, int[] targets) {
    Tensor dHidden = tensors.output(DType.F32, targets.length, c.hiddenSize());
    backend
        .loss()
        .tokenLogprobsBackward(
            dHidden,
            HeadGradient.NONE,
            tensors.of(dLogprobs, targets.length),
            normalizers,
            HeadInput.of(hidden(hidden), head),
            tensors.of(targets),
            c.logitSpec());
    return tensors.read(dHidden);
  }

  /** What gradients of a head are added to, [V, C] and [V], and what the last call left. */
  public final class HeadSums {

    private final Tensor matrix = tensors.of(c.headSums(), c.vocabulary(), c.hiddenSize());
    private final Tensor bias = tensors.of(c.biasSums(), c.vocabulary());

    /** Adds what some tokens give. */
    public void add(float[] hidden, float[] dLogprobs, int[] targets) {
      backend
          .loss()
          .tokenLogprobsBackward(
              tensors.output(DType.F32, targets.length, c.hiddenSize()),
              new HeadGradient(Optional.of(matrix), Optional.of(bias)),
              tensors.of(dLogprobs, targets.length),
              scores(hidden, targets).normalizers(),
              HeadInput.of(hidden(hidden), head),
              tensors.of(targets),
              c.logitSpec());
    }

    /** The matrix, and behind it the bias. */
    public float[] read() {
      float[] sums = Arrays.copyOf(tensors.read(matrix), c.vocabulary() * (c.hiddenSize() + 1));
      System.arraycopy(tensors.read(bias), 0, sums, c.weights().length, c.vocabulary());
      return sums;
    }
  }

  /** Divergences of hidden states [M, C] from others. */
  public float[] divergence(float[] p, float[] q) {
    Tensor kl = tensors.output(DType.F32, p.length / c.hiddenSize());
    backend
        .loss()
        .fullKl(kl, HeadInput.of(hidden(p), head), HeadInput.of(hidden(q), head), c.logitSpec());
    return tensors.read(kl);
  }

  /** Divergences of hidden states [M, C] from others that another matrix [V, C] of F32 reads. */
  public float[] divergence(float[] p, float[] q, float[] otherWeights) {
    Tensor kl = tensors.output(DType.F32, p.length / c.hiddenSize());
    Weight other =
        DenseWeight.of(tensors.of(otherWeights, c.vocabulary(), c.hiddenSize()), head.bias());
    backend
        .loss()
        .fullKl(kl, HeadInput.of(hidden(p), head), HeadInput.of(hidden(q), other), c.logitSpec());
    return tensors.read(kl);
  }

  private Tensor hidden(float[] values) {
    return tensors.of(values, values.length / c.hiddenSize(), c.hiddenSize());
  }
}
