package dev.cantilever.row;

import java.util.ArrayList;
import java.util.List;

/** Plain records for tests that need some and do not care which. */
public final class Examples {

  private Examples() {}

  /** A rollout whose lengths and numbers follow from its id. */
  public static Rollout rollout(long queryId) {
    int length = (int) (queryId % 4);
    int[] ids = new int[length];
    float[] logprobs = new float[length];
    for (int i = 0; i < length; i++) {
      ids[i] = (int) (7 * queryId + i);
      logprobs[i] = -0.25f * (i + 1);
    }
    return new Rollout(
        new Query(3, (int) (queryId / 4), queryId, "query " + queryId, IntSequence.of(1, 2, 3)),
        new Response(
            "response é " + queryId,
            IntSequence.of(ids),
            FloatSequence.of(logprobs),
            StopReason.LENGTH),
        List.of(new Score("classifier", "POSITIVE", 0.5 * queryId)),
        new Provenance("run", 42, "base", "adapter", "sampler", 1_000));
  }

  /** Rollouts of ids 0 to count - 1. */
  public static List<Rollout> rollouts(int count) {
    List<Rollout> rollouts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      rollouts.add(rollout(i));
    }
    return rollouts;
  }
}
