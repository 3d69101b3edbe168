package dev.cantilever.backend;

/** Disentangled attention as its formula has it, in double precision. */
public final class ReferenceDisentangledAttention {

  private ReferenceDisentangledAttention() {}

  /**
   * The outputs [N, H·D].
   *
   * @param places of distances −M to M
   * @param width columns of positions
   */
  public static double[] attention(
      double[] qkv,
      double[] positions,
      int width,
      int[] places,
      int[] offsets,
      DisentangledSpec spec) {
    double[] out = new double[qkv.length / 3];
    for (int row = 0; row + 1 < offsets.length; row++) {
      for (int head = 0; head < spec.heads(); head++) {
        for (int t = offsets[row]; t < offsets[row + 1]; t++) {
          double[] weights = new double[offsets[row + 1] - offsets[row]];
          double sum = 0;
          for (int s = 0; s < weights.length; s++) {
            double score = score(qkv, positions, width, places, t, offsets[row] + s, head, spec);
            weights[s] = Math.exp(score);
            sum += weights[s];
          }
          for (int s = 0; s < weights.length; s++) {
            for (int d = 0; d < spec.headSize(); d++) {
              out[t * spec.outputSize() + head * spec.headSize() + d] +=
                  weights[s] / sum * qkv[vector(offsets[row] + s, 2, head, spec) + d];
            }
          }
        }
      }
    }
    return out;
  }

  private static double score(
      double[] qkv,
      double[] positions,
      int width,
      int[] places,
      int query,
      int key,
      int head,
      DisentangledSpec spec) {
    int farthest = places.length / 2;
    int distance = Math.max(-farthest, Math.min(query - key, farthest));
    int place = places[distance + farthest] * width + head * spec.headSize();
    int q = vector(query, 0, head, spec);
    int k = vector(key, 1, head, spec);
    double score = 0;
    for (int d = 0; d < spec.headSize(); d++) {
      score += qkv[q + d] * qkv[k + d];
      if (spec.positionKeys().isPresent()) {
        score += qkv[q + d] * positions[place + spec.positionKeys().getAsInt() + d];
      }
      if (spec.positionQueries().isPresent()) {
        score += qkv[k + d] * positions[place + spec.positionQueries().getAsInt() + d];
      }
    }
    return score * spec.scale();
  }

  /** Where the query (0), key (1) or value (2) of a token's head lies. */
  private static int vector(int token, int part, int head, DisentangledSpec spec) {
    return token * spec.projectionSize() + part * spec.outputSize() + head * spec.headSize();
  }
}
