package dev.cantilever.nn;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadLengths;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;

/**
 * DoRA's length of each output (Liu et al. 2024): with it a branch gives g·(W·x + scale·B·A·x) in
 * place of W·x, where g = m/‖W + scale·B·A‖ row by row. The norm counts as constant in the backward
 * (section 4.3 there), so it is computed apart, whenever a matrix has changed, and set here.
 */
public final class Magnitude {

  private final Parameter lengths; // m, [O']
  private final Tensor gain; // g
  private final Tensor excess; // g − 1
  private final Tensor excessShift; // (1 − g)·b
  private final Tensor inverseNorm; // 1/‖W + scale·B·A‖
  private final Tensor zero;

  /**
   * Makes lengths of undefined value, without effect until {@link #set}.
   *
   * @param name of the parameter
   * @param outputs O'
   */
  public Magnitude(Backend backend, Arena arena, String name, int outputs) {
    this.lengths = Parameter.in(arena, name, Shape.of(outputs));
    this.gain = Tensor.in(arena, DType.F32, outputs);
    this.excess = Tensor.in(arena, DType.F32, outputs);
    this.excessShift = Tensor.in(arena, DType.F32, outputs);
    this.inverseNorm = Tensor.in(arena, DType.F32, outputs);
    this.zero = Tensor.in(arena, DType.F32, outputs);
    backend.transfers().zero(zero);
  }

  /** m, [O']. */
  public Parameter lengths() {
    return lengths;
  }

  /**
   * Takes over norms. A row without any length is left as it is.
   *
   * @param m the present lengths, [O']
   * @param norms of the rows of W + scale·B·A, [O']
   * @param bias of the layer's outputs, [O']; zeros where it has none
   */
  public void set(Backend backend, float[] m, float[] norms, float[] bias) {
    int outputs = m.length;
    float[] gains = new float[outputs];
    float[] excesses = new float[outputs];
    float[] shifts = new float[outputs];
    float[] inverses = new float[outputs];
    for (int o = 0; o < outputs; o++) {
      excesses[o] = norms[o] == 0 ? 0 : (m[o] - norms[o]) / norms[o];
      gains[o] = 1 + excesses[o];
      shifts[o] = -excesses[o] * bias[o];
      inverses[o] = norms[o] == 0 ? 0 : 1 / norms[o];
    }
    backend.transfers().upload(gain, gains);
    backend.transfers().upload(excess, excesses);
    backend.transfers().upload(excessShift, shifts);
    backend.transfers().upload(inverseNorm, inverses);
  }

  /**
   * As a loss has them, of a head.
   *
   * @param dropped the hidden states that are lengthened, where they are others
   */
  HeadLengths head(Optional<Tensor> dropped) {
    return new HeadLengths(gain, excess, excessShift, inverseNorm, zero, dropped);
  }

  Tensor gain() {
    return gain;
  }

  Tensor excess() {
    return excess;
  }

  Tensor excessShift() {
    return excessShift;
  }

  Tensor inverseNorm() {
    return inverseNorm;
  }

  Tensor zero() {
    return zero;
  }
}
