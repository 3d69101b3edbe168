package dev.cantilever.row;

import java.util.List;

/**
 * One query and what came of it: a fact, never rewritten once committed.
 *
 * <p>What an update derives from it is a {@link RolloutUpdate}, a row of its own.
 *
 * @param query the prompt and its place
 * @param response what was sampled
 * @param scores what the judges gave, in the order they were asked; empty before scoring
 * @param provenance under what it was made
 */
public record Rollout(Query query, Response response, List<Score> scores, Provenance provenance) {

  /** Copies the scores. */
  public Rollout {
    scores = List.copyOf(scores);
  }

  /** The PPO step. */
  public int step() {
    return query.step();
  }

  /** Names the query within the step. */
  public long queryId() {
    return query.queryId();
  }

  /** This rollout with other scores; for the scoring stage, before the commit. */
  public Rollout withScores(List<Score> others) {
    return new Rollout(query, response, others, provenance);
  }
}
