package dev.cantilever.tensor;

import java.util.Optional;

/**
 * A weight stored as it stands in the checkpoint.
 *
 * @param values [O, I], F32, F16 or BF16
 * @param bias [O], or nothing
 * @param panel see {@link Weight#panel}
 */
public record DenseWeight(Tensor values, Optional<Tensor> bias, Optional<Tensor> panel)
    implements Weight {

  /** A weight with neither bias nor panel. */
  public static DenseWeight of(Tensor values) {
    return new DenseWeight(values, Optional.empty(), Optional.empty());
  }

  /** A weight with a bias. */
  public static DenseWeight of(Tensor values, Optional<Tensor> bias) {
    return new DenseWeight(values, bias, Optional.empty());
  }

  @Override
  public int outFeatures() {
    return values.size(0);
  }

  @Override
  public int inFeatures() {
    return values.size(1);
  }

  @Override
  public DenseWeight withPanel(Tensor attached) {
    return new DenseWeight(values, bias, Optional.of(attached));
  }

  @Override
  public DenseWeight withoutBias() {
    return new DenseWeight(values, Optional.empty(), panel);
  }
}
