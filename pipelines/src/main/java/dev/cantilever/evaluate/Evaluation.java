package dev.cantilever.evaluate;

import dev.cantilever.row.Rollout;
import dev.cantilever.row.Score;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The rollouts of the fixed prompts, in the order of the prompts.
 *
 * @param rollouts scored, the rewarded label's logit first
 */
public record Evaluation(List<Rollout> rollouts) {

  /** Copies the list. */
  public Evaluation {
    rollouts = List.copyOf(rollouts);
  }

  /**
   * Mean over rollouts of the rewarded label's probability: the softmax of the classifier's logits,
   * or for a single output its sigmoid.
   */
  public double meanProbability() {
    return rollouts.stream().mapToDouble(Evaluation::probability).average().orElse(0);
  }

  static double probability(Rollout rollout) {
    List<Score> scores = rollout.scores();
    double rewarded = scores.get(0).value();
    if (scores.size() == 1) {
      return 1 / (1 + Math.exp(-rewarded));
    }
    double others = 0; // relative to the rewarded one
    for (Score score : scores.subList(1, scores.size())) {
      others += Math.exp(score.value() - rewarded);
    }
    return 1 / (1 + others);
  }

  /**
   * Distinct bigrams over bigrams of words, all responses together (Li et al. 2016, {@code
   * distinct-2}); words are what white space separates. 0 where no response has two words.
   */
  public double distinctBigrams() {
    Set<List<String>> distinct = new HashSet<>();
    long bigrams = 0;
    for (Rollout rollout : rollouts) {
      List<String> words = List.of(rollout.response().text().strip().split("\\s+"));
      for (int i = 0; i + 1 < words.size(); i++) {
        distinct.add(words.subList(i, i + 2));
        bigrams++;
      }
    }
    return bigrams == 0 ? 0 : (double) distinct.size() / bigrams;
  }
}
