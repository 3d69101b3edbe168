package dev.cantilever.row;

/**
 * What a PPO update derived for one rollout, joined to it by step and query id. Every sequence has
 * one entry per response token.
 *
 * @param step the PPO step
 * @param queryId names the query within the step
 * @param oldLogprobs log-probs of the training forward before the first optimiser step
 * @param refLogprobs log-probs under the reference
 * @param values the value head's estimate of the state before each token
 * @param rewards KL penalty per token, plus the score at the last
 * @param advantages whitened
 * @param returns un-whitened advantages plus values
 */
public record RolloutUpdate(
    int step,
    long queryId,
    FloatSequence oldLogprobs,
    FloatSequence refLogprobs,
    FloatSequence values,
    FloatSequence rewards,
    FloatSequence advantages,
    FloatSequence returns) {

  /** Checks that all sequences are of one length. */
  public RolloutUpdate {
    Checks.notNegative("RolloutUpdate", "step", step);
    Checks.notNegative("RolloutUpdate", "queryId", queryId);
    int tokens = oldLogprobs.size();
    Checks.sameLength("RolloutUpdate", "refLogprobs", refLogprobs.size(), "oldLogprobs", tokens);
    Checks.sameLength("RolloutUpdate", "values", values.size(), "oldLogprobs", tokens);
    Checks.sameLength("RolloutUpdate", "rewards", rewards.size(), "oldLogprobs", tokens);
    Checks.sameLength("RolloutUpdate", "advantages", advantages.size(), "oldLogprobs", tokens);
    Checks.sameLength("RolloutUpdate", "returns", returns.size(), "oldLogprobs", tokens);
  }

  /** How many response tokens the row describes. */
  public int length() {
    return oldLogprobs.size();
  }
}
