package dev.cantilever.model;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.IntFunction;

/**
 * Steps of rows that are in the middle of a response, by their number. Which rows they are and in
 * which slots goes up with each run, so that a step serves any of them, also after others have
 * entered; those used last are kept.
 *
 * <p>They share the pass's memory, whose arenas hand out the same addresses to the same sizes: what
 * lies there is only of the run.
 */
final class DecodingSteps implements AutoCloseable {

  /**
   * Steps that are kept. As long as rows wait, a quarter of the slots may be free before others
   * enter, so that is how many numbers of rows come back again and again: all of them up to 32
   * slots. Each may have a recording in the driver's memory, beside all arenas.
   */
  private static final int KEPT = 8;

  private final IntFunction<GenerationStep> opening;
  private final Map<Integer, GenerationStep> byRows = new LinkedHashMap<>(KEPT, 0.75f, true);

  /**
   * None yet.
   *
   * @param opening makes the step of a number of rows
   */
  DecodingSteps(IntFunction<GenerationStep> opening) {
    this.opening = opening;
  }

  /** The step of so many rows; open until others have been used since. */
  GenerationStep of(int rows) {
    GenerationStep kept = byRows.get(rows);
    if (kept != null) {
      return kept;
    }
    if (byRows.size() == KEPT) {
      Iterator<GenerationStep> oldestFirst = byRows.values().iterator();
      oldestFirst.next().close();
      oldestFirst.remove();
    }
    GenerationStep step = opening.apply(rows);
    byRows.put(rows, step);
    return step;
  }

  @Override
  public void close() {
    byRows.values().forEach(GenerationStep::close);
    byRows.clear();
  }
}
