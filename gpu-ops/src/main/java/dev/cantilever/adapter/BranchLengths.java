package dev.cantilever.adapter;

import dev.cantilever.nn.Magnitude;
import java.util.function.Supplier;

/**
 * DoRA's lengths of a branch, and what their effect follows from.
 *
 * @param norms gives the norms of W + scale·B·A as they are now, [O']
 * @param bias gives the bias of the outputs that acts, [O']
 */
record BranchLengths(
    DeviceCopies copies, Magnitude magnitude, Supplier<float[]> norms, Supplier<float[]> bias) {

  /** Takes the norms for lengths, so that they change nothing. */
  void begin() {
    copies.upload(magnitude.lengths().value(), norms.get());
  }

  /** Takes over that matrices, lengths or the bias have changed. */
  void update() {
    float[] lengths = copies.download(magnitude.lengths().value());
    magnitude.set(copies.backend(), lengths, norms.get(), bias.get());
  }
}
