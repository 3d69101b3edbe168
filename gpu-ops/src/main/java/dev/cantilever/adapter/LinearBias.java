package dev.cantilever.adapter;

import dev.cantilever.nn.BiasBranch;

/**
 * The bias of a linear layer.
 *
 * @param target the layer
 * @param hasBranch whether the adapter has a branch there
 * @param whole whether the adapter holds the layer whole
 * @param reader of the base
 */
record LinearBias(LoraTarget target, boolean hasBranch, boolean whole, WeightReader reader)
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
    return reader.bias(target, target.linear().weight());
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
