package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.BiasBranch;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.Arrays;

/** The factors of a norm that an adapter holds whole. */
final class OwnNormScale extends OwnNorm {

  private final Tensor one; // [C] F32

  OwnNormScale(Backend backend, Arena arena, NormTarget norm) {
    super(backend, arena, norm, norm.gamma());
    this.one = Tensor.in(arena, DType.F32, norm.gamma().shape());
    float[] ones = new float[size()];
    Arrays.fill(ones, 1);
    backend.transfers().upload(one, ones);
  }

  @Override
  public SavedTensor tensor() {
    return SavedTensor.whole(path() + ".weight");
  }

  @Override
  public void attach(BiasBranch branch) {
    norm().attachScale(branch, one);
  }

  /** As the checkpoint has them, without what the model adds. */
  @Override
  public float[] base() {
    float[] values = super.base();
    for (int i = 0; i < values.length; i++) {
      values[i] -= norm().offset();
    }
    return values;
  }
}
