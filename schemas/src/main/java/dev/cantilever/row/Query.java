package dev.cantilever.row;

/**
 * A prompt, and its place in a step.
 *
 * @param step the PPO step
 * @param batch index of the batch within the step; the query sampler assigns it
 * @param queryId names the query within the step
 * @param query the text
 * @param queryIds the token ids; at least one
 */
public record Query(int step, int batch, long queryId, String query, IntSequence queryIds) {

  /** Checks the indices and that there is a token to continue from. */
  public Query {
    Checks.notNegative("Query", "step", step);
    Checks.notNegative("Query", "batch", batch);
    Checks.notNegative("Query", "queryId", queryId);
    if (queryIds.isEmpty()) {
      throw new SchemaException(
          "Query: expected at least one token id, found none (queryId "
              + queryId
              + "). Raise the least query length.");
    }
  }

  /** How many tokens the query has. */
  public int length() {
    return queryIds.size();
  }
}
