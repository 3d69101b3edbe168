package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.BiasBranch;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;

/** The bias of a norm; norms carry no branches, and files keep them as they are. */
final class OwnNormBias implements BiasTarget {

  private final DeviceCopies copies;
  private final NormTarget norm;
  private final boolean whole;
  private final Tensor base; // [C] F32

  /**
   * Reads the base's.
   *
   * @param beta the frozen bias
   * @param whole whether the adapter holds the norm whole
   */
  OwnNormBias(Backend backend, Arena arena, NormTarget norm, Tensor beta, boolean whole) {
    this.whole = whole;
    this.copies = new DeviceCopies(backend);
    this.norm = norm;
    this.base = Tensor.in(arena, DType.F32, beta.shape());
    backend.transfers().convert(base, beta);
  }

  @Override
  public String path() {
    return norm.path();
  }

  @Override
  public boolean hasBranch() {
    return false;
  }

  @Override
  public int size() {
    return base.size(0);
  }

  @Override
  public int column() {
    return 0;
  }

  @Override
  public void attach(BiasBranch branch) {
    if (whole) {
      norm.attachShift(branch);
    } else {
      norm.attach(branch);
    }
  }

  @Override
  public float[] base() {
    return copies.download(base);
  }

  @Override
  public float[] toModel(float[] values) {
    return values;
  }

  @Override
  public float[] toFile(float[] values) {
    return values;
  }
}
