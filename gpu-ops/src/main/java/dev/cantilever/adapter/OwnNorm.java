package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;

/** A weight of a norm; norms carry no branches, and files keep their weights as they are. */
abstract class OwnNorm implements BiasTarget {

  private final DeviceCopies copies;
  private final NormTarget norm;
  private final Tensor base; // [C] F32

  /**
   * Reads the base's.
   *
   * @param frozen the weight, [C]
   */
  OwnNorm(Backend backend, Arena arena, NormTarget norm, Tensor frozen) {
    this.copies = new DeviceCopies(backend);
    this.norm = norm;
    this.base = Tensor.in(arena, DType.F32, frozen.shape());
    backend.transfers().convert(base, frozen);
  }

  final NormTarget norm() {
    return norm;
  }

  @Override
  public final String path() {
    return norm.path();
  }

  @Override
  public final boolean hasBranch() {
    return false;
  }

  @Override
  public final int size() {
    return base.size(0);
  }

  @Override
  public final int column() {
    return 0;
  }

  @Override
  public float[] base() {
    return copies.download(base);
  }

  @Override
  public final float[] toModel(float[] values) {
    return values;
  }

  @Override
  public final float[] toFile(float[] values) {
    return values;
  }
}
