package dev.cantilever.adapter;

import dev.cantilever.hub.SavedTensor;
import dev.cantilever.nn.BiasBranch;

/** A bias of the model, or factors of a norm, that an adapter may have its own of. */
interface BiasTarget {

  /** Module path in the checkpoint. */
  String path();

  /** Its tensor in an adapter's file. */
  default SavedTensor tensor() {
    return SavedTensor.bias(path(), hasBranch());
  }

  /** Whether the module carries a branch of the adapter, which peft's name of the bias shows. */
  boolean hasBranch();

  /** Number of values. */
  int size();

  /** First output of the layer that holds them. */
  int column();

  /** Puts an adapter's own beside it. */
  void attach(BiasBranch branch);

  /** The base's values, in the order of the model. */
  float[] base();

  /** Values in the model's order, of such in the checkpoint's. */
  float[] toModel(float[] values);

  /** Values in the checkpoint's order, of such in the model's. */
  float[] toFile(float[] values);
}
