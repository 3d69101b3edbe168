package dev.cantilever.rollout;

import dev.cantilever.prompt.EvaluationPrompts;
import dev.cantilever.prompt.QueryOrder;
import dev.cantilever.prompt.QuerySampler;
import dev.cantilever.row.IntSequence;
import dev.cantilever.row.Query;
import dev.cantilever.tokenizer.TextTokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * The queries of every step: the first tokens of documents, in a seeded order, without replacement
 * within an epoch. A function of seed and documents, so that any step can be asked for first.
 */
public final class StepQueries {

  private final Map<String, IntSequence> documents = new TreeMap<>();
  private final RolloutSpec spec;
  private final boolean whole;
  private final QuerySampler sampler;
  private final int[] end;
  private final TextTokenizer tokenizer;
  private final long seed;

  /**
   * Queries from documents.
   *
   * @param documents first token ids of each document by its id; those too short to make a query
   *     are left out
   * @param seed of the run
   * @param tokenizer for the queries' texts; stays the caller's
   * @param whole whether a document is asked as a whole, and left out if it is longer than a query;
   *     else its beginning is
   * @param end tokens that every query ends with, beside its text
   */
  public StepQueries(
      Map<String, IntSequence> documents,
      RolloutSpec spec,
      long seed,
      TextTokenizer tokenizer,
      boolean whole,
      int[] end) {
    this.spec = spec;
    this.whole = whole;
    this.end = end.clone();
    this.seed = seed;
    this.tokenizer = tokenizer;
    this.sampler = new QuerySampler(seed, spec.queryMinTokens(), spec.queryMaxTokens());
    documents.forEach(
        (id, tokens) -> {
          boolean fits = !whole || tokens.size() <= spec.queryMaxTokens();
          if (fits && sampler.accepts(tokens.size())) {
            this.documents.put(id, tokens);
          }
        });
  }

  /**
   * The order in which a run asks.
   *
   * @param rows queries of a step
   * @throws dev.cantilever.text.DatasetException if there are fewer documents than rows
   */
  public QueryOrder order(int rows) {
    return new QueryOrder(documents.keySet(), rows, seed);
  }

  /**
   * The queries of a step.
   *
   * @param order as {@link #order} gives it
   * @param step from 1
   */
  public List<Query> ofStep(QueryOrder order, int step) {
    return queries(order.step(step), step);
  }

  /**
   * The fixed queries that a policy is judged by, as step 0.
   *
   * @param prompts how many
   * @throws dev.cantilever.text.DatasetException if there are fewer documents
   */
  public List<Query> forEvaluation(int prompts) {
    return queries(EvaluationPrompts.choose(documents.keySet(), prompts, seed), 0);
  }

  private List<Query> queries(List<String> ids, int step) {
    List<Query> queries = new ArrayList<>(ids.size());
    for (String id : ids) {
      int[] document = documents.getOrDefault(id, IntSequence.empty()).toArray();
      int[] tokens = whole ? document : sampler.query(id, document);
      int row = queries.size();
      queries.add(
          new Query(
              step,
              row / spec.batchRows(),
              row,
              tokenizer.decode(tokens),
              IntSequence.of(
                  IntStream.concat(Arrays.stream(tokens), Arrays.stream(end)).toArray())));
    }
    return queries;
  }
}
