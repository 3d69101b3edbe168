package dev.cantilever.prompt;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import dev.cantilever.text.DatasetException;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Which documents make up the queries of a step.
 *
 * <p>Steps are counted from 1. With N documents and {@code rows} queries per step an epoch has E =
 * floor(N / rows) steps; step s lies in epoch e = (s - 1) / E and takes the documents at positions
 * ((s - 1) mod E) * rows onward of the epoch's own permutation. Within an epoch no document occurs
 * twice; the N mod rows documents at the end of a permutation sit that epoch out, as with trl's
 * {@code drop_last} loader, and another epoch's permutation leaves out others. A step never spans
 * two epochs, so a step never holds a document twice.
 *
 * <p>Safe for sharing between threads.
 */
public final class QueryOrder {

  private record Epoch(int number, List<String> ids) {}

  private final RankedIds ids;
  private final int rows;
  private final KeyedDraw draw;
  // The last epoch asked for: sorting 25,000 ids takes milliseconds, and steps come in order.
  private volatile @Nullable Epoch latest;

  /**
   * An order over documents.
   *
   * @param documentIds the documents, in any order; copied
   * @param rows queries per step, at least 1
   * @param seed the run's seed
   * @throws DatasetException if there are fewer documents than rows, or an id occurs twice
   */
  public QueryOrder(Collection<String> documentIds, int rows, long seed) {
    if (rows < 1) {
      throw new DatasetException(
          "queries per step", "at least 1", Integer.toString(rows), "Raise the number of rows");
    }
    this.ids = new RankedIds(documentIds);
    this.rows = rows;
    this.draw = new KeyedDraw(seed, Stream.QUERY_ORDER);
    if (ids.size() < rows) {
      throw new DatasetException(
          "query documents",
          "at least " + rows + ", one per query of a step",
          ids.size() + " documents",
          "Give more documents, relax the length filters, or lower ppo.batch.rows");
    }
  }

  /**
   * The documents of a step.
   *
   * @param step from 1
   * @return {@code rows} distinct ids, in the order of the batch
   * @throws IllegalArgumentException if the step is below 1 or beyond 2^31 epochs
   */
  public List<String> step(long step) {
    int epoch = epoch(step);
    int from = Math.toIntExact((step - 1) % stepsPerEpoch()) * rows;
    return order(epoch).subList(from, from + rows);
  }

  /**
   * The epoch of a step.
   *
   * @param step from 1
   * @return from 0
   * @throws IllegalArgumentException if the step is below 1 or beyond 2^31 epochs
   */
  public int epoch(long step) {
    long epoch = (step - 1) / stepsPerEpoch();
    if (step < 1 || epoch > Integer.MAX_VALUE) {
      throw new IllegalArgumentException(
          "Expected a step from 1 on, found " + step + "; steps are counted from 1.");
    }
    return (int) epoch;
  }

  /**
   * Steps until every document but the remainder has been asked.
   *
   * @return floor(documents / rows)
   */
  public int stepsPerEpoch() {
    return ids.size() / rows;
  }

  private List<String> order(int epoch) {
    Epoch known = latest;
    if (known == null || known.number() != epoch) {
      known = new Epoch(epoch, ids.ordered(draw, epoch));
      latest = known;
    }
    return known.ids();
  }
}
