package dev.cantilever.adapter;

import dev.cantilever.nn.BiasBranch;
import java.util.function.Function;

/**
 * The bias of a linear layer.
 *
 * @param target the layer
 * @param hasBranch whether the adapter has a branch there
 * @param whole whether the adapter holds the layer whole
 * @param reader reads the base's bias of a layer
 */
record LinearBias(
    LoraTarget target, boolean hasBranch, boolean whole, Function<LoraTarget, float[]> reader)
    implements BiasTarget {

  @Override
  public String path() {
    return target.path();
  }

  @Override
  public int size() {
    return target.outFeatures();
  }

  @Override
  public int column() {
    return target.column();
  }

  @Override
  public void attach(BiasBranch branch) {
    if (whole) {
      target.linear().attachShift(branch);
    } else {
      target.linear().attach(branch);
    }
  }

  @Override
  public float[] base() {
    return reader.apply(target);
  }

  @Override
  public float[] toModel(float[] values) {
    return target.toModel(values);
  }

  @Override
  public float[] toFile(float[] values) {
    return target.toFile(values);
  }
}
