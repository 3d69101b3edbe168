package dev.cantilever.backend.onednn;

import dev.cantilever.backend.RotarySpec;
import dev.cantilever.memory.HostMemory;
import java.util.Arrays;

/**
 * Cosines and sines of a {@link RotarySpec}, and heads turned by them. They are taken of angles in
 * double, multiplied by the magnitude, and rounded to float once.
 */
final class Rotary {

  private final RotarySpec spec;
  private final int half;
  private float[] cos = new float[0];
  private float[] sin = new float[0];
  private int positions;

  /** Makes a table of no positions. */
  Rotary(RotarySpec spec) {
    this.spec = spec;
    this.half = spec.frequencies().size();
  }

  /** Whether this table is the one for these numbers. */
  boolean is(RotarySpec other) {
    return spec.equals(other);
  }

  /** Makes positions below {@code count} available; not to be called while others read. */
  void ensure(int count) {
    if (count <= positions) {
      return;
    }
    int target = Math.max(count, 2 * positions);
    cos = Arrays.copyOf(cos, target * half);
    sin = Arrays.copyOf(sin, target * half);
    for (int j = 0; j < half; j++) {
      double frequency = spec.frequencies().get(j);
      for (int p = positions; p < target; p++) {
        cos[p * half + j] = (float) (StrictMath.cos(p * frequency) * spec.magnitude());
        sin[p * half + j] = (float) (StrictMath.sin(p * frequency) * spec.magnitude());
      }
    }
    positions = target;
  }

  /** Writes cosine and sine of each pair's angle at a position to {@code 2·half} floats. */
  void write(long address, int position) {
    for (int j = 0; j < half; j++) {
      HostMemory.putFloat(address + 2L * Float.BYTES * j, cos[position * half + j]);
      HostMemory.putFloat(address + 2L * Float.BYTES * j + Float.BYTES, sin[position * half + j]);
    }
  }

  /** Turns the head vector at {@code at} to {@code position}. */
  void rotate(float[] x, int at, int position) {
    int row = position * half;
    for (int j = 0; j < half; j++) {
      float first = x[at + j];
      float second = x[at + half + j];
      x[at + j] = first * cos[row + j] - second * sin[row + j];
      x[at + half + j] = second * cos[row + j] + first * sin[row + j];
    }
  }

  /** Turns back: the transpose of {@link #rotate}, which takes a gradient to the unrotated side. */
  void unrotate(float[] x, int at, int position) {
    int row = position * half;
    for (int j = 0; j < half; j++) {
      float first = x[at + j];
      float second = x[at + half + j];
      x[at + j] = first * cos[row + j] + second * sin[row + j];
      x[at + half + j] = second * cos[row + j] - first * sin[row + j];
    }
  }
}
