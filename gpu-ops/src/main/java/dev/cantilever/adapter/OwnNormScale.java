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
final class OwnNormScale implements BiasTarget {

  private final DeviceCopies copies;
  private final NormTarget norm;
  private final Tensor base; // [C] F32, as the checkpoint has it
  private final Tensor one; // [C] F32

  OwnNormScale(Backend backend, Arena arena, NormTarget norm) {
    this.copies = new DeviceCopies(backend);
    this.norm = norm;
    this.base = Tensor.in(arena, DType.F32, norm.gamma().shape());
    this.one = Tensor.in(arena, DType.F32, norm.gamma().shape());
    backend.transfers().convert(base, norm.gamma());
    float[] ones = new float[size()];
    Arrays.fill(ones, 1);
    copies.upload(one, ones);
  }

  @Override
  public SavedTensor tensor() {
    return SavedTensor.whole(norm.path() + ".weight");
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
    norm.attachScale(branch, one);
  }

  @Override
  public float[] base() {
    float[] values = copies.download(base);
    for (int i = 0; i < values.length; i++) {
      values[i] -= norm.offset();
    }
    return values;
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
