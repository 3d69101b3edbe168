package dev.cantilever.backend.onednn;

import dev.cantilever.backend.ScoreSpec;
import jdk.incubator.vector.FloatVector;

/**
 * What a {@link ScoreSpec} says happens to scores, over those of one token. Ranges are whole
 * vectors; an element's bits depend on its value and positions alone.
 */
final class ScoreChanges {

  private ScoreChanges() {}

  /**
   * Changes the scores of a token with {@code count} consecutive keys.
   *
   * @param distance position of the first of these keys minus the token's
   * @param derivatives [count] d after / d before, from the start of the array on; written where
   *     scores are capped, else the derivative is 1
   */
  static void apply(
      float[] scores,
      int at,
      int count,
      int distance,
      int head,
      ScoreSpec spec,
      float[] derivatives) {
    if (spec.isCapped()) {
      cap(scores, at, count, spec.cap(), derivatives);
    }
    if (spec.isSloped()) {
      slope(scores, at, count, distance, spec.slopes().get(head));
    }
  }

  private static void cap(float[] scores, int at, int count, float cap, float[] derivatives) {
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
}
