package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.BiasBranch;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.tensor.Tensor;

/** The bias of a norm. */
final class OwnNormBias extends OwnNorm {

  private final boolean whole;

  /**
   * Reads the base's.
   *
   * @param beta the frozen bias, [C]
   * @param whole whether the adapter holds the norm whole
   */
  OwnNormBias(Backend backend, Arena arena, NormTarget norm, Tensor beta, boolean whole) {
    super(backend, arena, norm, beta);
    this.whole = whole;
  }

  @Override
  public void attach(BiasBranch branch) {
    if (whole) {
      norm().attachShift(branch);
    } else {
      norm().attach(branch);
    }
  }
}
