package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.BiasBranch;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;

/** An adapter's own bias of one module, or its own factors of a norm. */
final class BiasAdapter extends HeldPart {

  private final BiasTarget target;
  private final BiasBranch branch;

  /** Takes room; nothing is attached yet. */
  BiasAdapter(Backend backend, Arena arena, String name, BiasTarget target, boolean trainable) {
    super(backend, arena, target.tensor(), Shape.of(target.size()), Shape.of(target.size()));
    this.target = target;
    this.branch =
        new BiasBranch(
            name, change(), target.column(), Tensor.in(arena, DType.F32, target.size()), trainable);
    backend.transfers().zero(branch.zero());
  }

  @Override
  public void attach() {
    target.attach(branch);
  }

  @Override
  void addBase(float[] values, float factor) {
    float[] base = target.base();
    for (int o = 0; o < values.length; o++) {
      values[o] += factor * base[o];
    }
  }

  @Override
  float[] toModel(float[] values) {
    return target.toModel(values);
  }

  @Override
  float[] toFile(float[] values) {
    return target.toFile(values);
  }
}
