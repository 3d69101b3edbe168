package dev.cantilever.autograd;

import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import org.jspecify.annotations.Nullable;

/** A value on a {@link Tape}: an F32 tensor, perhaps not in memory at the moment. */
public final class Var {

  private final Tape tape;
  private final Shape shape;
  private final Slot slot;
  private final int block;
  private final boolean needsGradient;
  private final @Nullable Node producer;
  private @Nullable Tensor value;
  private @Nullable Tensor gradient;
  private int uses;

  Var(
      Tape tape,
      Shape shape,
      Slot slot,
      int block,
      boolean needsGradient,
      @Nullable Node producer,
      @Nullable Tensor value) {
    this.tape = tape;
    this.shape = shape;
    this.slot = slot;
    this.block = block;
    this.needsGradient = needsGradient;
    this.producer = producer;
    this.value = value;
  }

  /** Dimensions of the value. */
  public Shape shape() {
    return shape;
  }

  /** Whether anything trainable lies before this value. */
  public boolean needsGradient() {
    return needsGradient;
  }

  /** The value, computed again first if it was not kept. */
  public Tensor value() {
    if (value == null) {
      value = tape.recompute(this);
    }
    return value;
  }

  /**
   * Where a backward writes its contribution.
   *
   * @return a tensor of the value's shape; written if {@link #hasGradient()} was false before this
   *     call, added to if it was true
   */
  public Tensor gradient() {
    if (gradient == null) {
      gradient = tape.gradientStorage(this);
    }
    return gradient;
  }

  /** Whether some backward has written a gradient already. */
  public boolean hasGradient() {
    return gradient != null;
  }

  /**
   * Hands on a gradient that equals {@code source}: by sharing the tensor where this is the value's
   * only use and of the same block, by copying or adding otherwise.
   */
  public void passGradient(Tensor source) {
    if (gradient != null) {
      tape.backend().activation().add(gradient, gradient, source);
    } else if (uses == 1 && tape.inPresentBlock(this)) {
      gradient = source;
    } else {
      tape.backend().transfers().copy(gradient(), source);
    }
  }

  Slot slot() {
    return slot;
  }

  int block() {
    return block;
  }

  Node producer() {
    if (producer == null) {
      throw new IllegalStateException("A value that was given to the tape cannot be recomputed");
    }
    return producer;
  }

  void used() {
    uses++;
  }

  void seed(Tensor dValue) {
    gradient = dValue;
  }

  void drop() {
    value = null;
  }

  void dropGradient() {
    gradient = null;
  }
}
