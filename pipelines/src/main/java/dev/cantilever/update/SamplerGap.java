package dev.cantilever.update;

import dev.cantilever.ppo.TokenRows;
import dev.cantilever.row.Rollout;
import java.util.List;

/**
 * How far the sampler's own log-probabilities, computed token by token over a KV cache, are from
 * those of the training forward, in nats.
 *
 * @param mean over tokens of the absolute difference
 * @param max largest of them
 */
record SamplerGap(double mean, double max) {

  static SamplerGap of(List<Rollout> rollouts, TokenRows logprobs) {
    double sum = 0;
    double max = 0;
    for (int row = 0; row < rollouts.size(); row++) {
      var sampled = rollouts.get(row).response().samplerLogprobs();
      for (int token = 0; token < sampled.size(); token++) {
        double gap = Math.abs(logprobs.get(row, token) - sampled.get(token));
        sum += gap;
        max = Math.max(max, gap);
      }
    }
    return new SamplerGap(sum / logprobs.tokens(), max);
  }
}
