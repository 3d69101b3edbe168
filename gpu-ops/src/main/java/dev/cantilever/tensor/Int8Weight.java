package dev.cantilever.tensor;

import java.util.Optional;

/**
 * A weight stored once as 8-bit integers with one scale per output row:
 *
 * <p>W[o, i] ≈ q[o, i] · absmax[o] / 127, q = round-half-even(W · 127 / absmax), in −127..127; the
 * values of bitsandbytes' row-wise quantisation. How the integers lie in {@code data} is the
 * backend's own business: use its operations to fill and to read it.
 *
 * @param outFeatures O
 * @param inFeatures I
 * @param data the integers, opaque, I8
 * @param absmax [O] F32, the largest magnitude of each row
 * @param mode how products are executed
 * @param bias [O], or nothing
 * @param panel see {@link Weight#panel}
 */
public record Int8Weight(
    int outFeatures,
    int inFeatures,
    Tensor data,
    Tensor absmax,
    Int8Mode mode,
    Optional<Tensor> bias,
    Optional<Tensor> panel)
    implements Weight {

  /** Magnitude from which an activation counts as an outlier in {@link Int8Mode#LLM_INT8}. */
  public static final float OUTLIER_THRESHOLD = 6.0f;

  @Override
  public Int8Weight withPanel(Tensor attached) {
    return new Int8Weight(outFeatures, inFeatures, data, absmax, mode, bias, Optional.of(attached));
  }

  @Override
  public Int8Weight withoutBias() {
    return new Int8Weight(outFeatures, inFeatures, data, absmax, mode, Optional.empty(), panel);
  }

  /** The same integers, sharing memory, executed in another way; without a panel. */
  public Int8Weight withMode(Int8Mode other) {
    return new Int8Weight(outFeatures, inFeatures, data, absmax, other, bias, Optional.empty());
  }
}
