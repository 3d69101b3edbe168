package dev.cantilever.backend.onednn;

import dev.cantilever.backend.DistanceBias;
import dev.cantilever.backend.ScoreSpec;
import dev.cantilever.memory.HostMemory;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;

/**
 * What a {@link ScoreSpec} says happens to scores, over those of one token, and a worker's scratch
 * for it. Ranges are whole vectors; an element's bits depend on its value and positions alone.
 */
final class ScoreChanges {

  private float[] derivatives = {}; // [Sp]
  private float[] biases = {}; // [Sp]

  /** Grows the scratch for tokens with {@code count} keys, whole vectors. */
  void ensure(int count) {
    derivatives = AttentionHead.grown(derivatives, count);
    biases = AttentionHead.grown(biases, count);
  }

  /**
   * Changes the scores of a token with {@code count} consecutive keys.
   *
   * @param distance position of the first of these keys minus the token's
   */
  void apply(float[] scores, int at, int count, int distance, int head, ScoreSpec spec) {
    if (spec.isCapped()) {
      cap(scores, at, count, spec.cap());
    }
    if (spec.isSloped()) {
      slope(scores, at, count, distance, spec.slopes().get(head));
    }
    if (spec.bias().isPresent()) {
      bias(scores, at, count, distance, head, spec.bias().get());
    }
  }

  /**
   * Of the keys of the last token whose scores were changed, d after / d before, from the start of
   * the array on: written where scores are capped, else the derivative is 1.
   */
  float[] derivatives() {
    return derivatives;
  }

  private void cap(float[] scores, int at, int count, float cap) {
    for (int i = 0; i < count; i += VectorMath.FLOATS.length()) {
      FloatVector score = FloatVector.fromArray(VectorMath.FLOATS, scores, at + i);
      FloatVector tanh = VectorMath.tanh(score.div(cap));
      tanh.mul(cap).intoArray(scores, at + i);
      tanh.neg().fma(tanh, VectorMath.broadcast(1)).intoArray(derivatives, i);
    }
  }

  private static void slope(float[] scores, int at, int count, int distance, float slope) {
    for (int i = 0; i < count; i += VectorMath.FLOATS.length()) {
      FloatVector distances = VectorMath.broadcast(distance + i).addIndex(1);
      distances
          .fma(
              VectorMath.broadcast(slope), FloatVector.fromArray(VectorMath.FLOATS, scores, at + i))
          .intoArray(scores, at + i);
    }
  }

  private void bias(float[] scores, int at, int count, int distance, int head, DistanceBias bias) {
    int farthest = bias.farthest();
    long values = bias.values().address() + (long) Float.BYTES * head * (2 * farthest + 1);
    // Keys [0, near) are farther before the token than any value, [behind, count) farther behind
    // it.
    int near = clamped(-farthest - distance, count);
    int behind = clamped(farthest + 1 - distance, count);
    Arrays.fill(biases, 0, near, HostMemory.getFloat(values));
    HostMemory.get(
        values + (long) Float.BYTES * (near + distance + farthest), biases, near, behind - near);
    Arrays.fill(
        biases, behind, count, HostMemory.getFloat(values + (long) Float.BYTES * 2 * farthest));
    for (int i = 0; i < count; i += VectorMath.FLOATS.length()) {
      FloatVector.fromArray(VectorMath.FLOATS, scores, at + i)
          .add(FloatVector.fromArray(VectorMath.FLOATS, biases, i))
          .intoArray(scores, at + i);
    }
  }

  private static int clamped(int key, int count) {
    return Math.min(Math.max(key, 0), count);
  }
}
