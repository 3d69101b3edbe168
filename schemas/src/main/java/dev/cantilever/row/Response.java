package dev.cantilever.row;

/**
 * What the policy sampled after a query.
 *
 * @param text the decoded text
 * @param ids the token ids, the stop token included
 * @param samplerLogprobs natural log of each token's probability, as the sampler saw it; one per
 *     token of {@code ids}
 * @param stopReason why the response ended
 */
public record Response(
    String text, IntSequence ids, FloatSequence samplerLogprobs, StopReason stopReason) {

  /** Checks that there is one log-probability per token. */
  public Response {
    Checks.sameLength("Response", "samplerLogprobs", samplerLogprobs.size(), "ids", ids.size());
  }

  /** How many tokens the response has. */
  public int length() {
    return ids.size();
  }
}
