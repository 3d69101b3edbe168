package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.WeightBranch;
import dev.cantilever.tensor.Shape;

/**
 * The matrix of a linear layer that an adapter holds whole, in F32 beside a base of any storage.
 */
final class WeightAdapter extends HeldPart {

  /** Columns of the base's matrix that are read at once. */
  static final int COLUMNS = 16;

  private final LoraTarget target;
  private final WeightReader base;
  private final WeightBranch branch;

  /** Takes room; nothing is attached yet. */
  WeightAdapter(
      Backend backend,
      Arena arena,
      String name,
      LoraTarget target,
      WeightReader base,
      boolean trainable) {
    super(
        backend,
        arena,
        SavedTensor.whole(target.path() + ".weight"),
        target.storage().stored(shape(target)),
        shape(target));
    this.target = target;
    this.base = base;
    this.branch = new WeightBranch(name, change(), target.column(), trainable);
  }

  private static Shape shape(LoraTarget target) {
    return Shape.of(target.outFeatures(), target.inFeatures());
  }

  @Override
  public void attach() {
    target.linear().attach(branch);
  }

  @Override
  void addBase(float[] values, float factor) {
    base.addTo(values, target, factor);
  }

  @Override
  float[] toModel(float[] values) {
    return target.matrixToModel(values);
  }

  @Override
  float[] toFile(float[] values) {
    return target.matrixToFile(values);
  }
}
