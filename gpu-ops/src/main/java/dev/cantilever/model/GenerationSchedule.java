package dev.cantilever.model;

import dev.cantilever.nn.KvCache;
import java.nio.IntBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which rows go through the model next. A row enters, in the order of the queries, when a slot of
 * the cache and pages for all the tokens it may reach are free, and leaves when it ends.
 *
 * <p>Rows enter together, once a quarter of the slots is free or nobody is active, because their
 * queries' pass reads all weights whatever their number, and those in the middle of a response wait
 * for it. Those that enter together with the same query of a full page or more send it through the
 * model once and share its full pages. None of this changes what a row says.
 */
final class GenerationSchedule {

  /** Rows enter once one slot in so many is free. */
  private static final int FREE_PART = 4;

  private final KvCache cache;
  private final int slots;
  private final Deque<GenerationRow> waiting;
  private final List<GenerationRow> active = new ArrayList<>();
  private final BitSet free = new BitSet();

  /**
   * A schedule of rows of which none has entered.
   *
   * @param slots of the cache, all of them free; its pages are enough for any one of the rows
   */
  GenerationSchedule(List<GenerationRow> rows, KvCache cache, int slots) {
    this.cache = cache;
    this.slots = slots;
    this.waiting = new ArrayDeque<>(rows);
    free.set(0, slots);
  }

  /** Whether a row has not ended. */
  boolean goesOn() {
    return !active.isEmpty() || !waiting.isEmpty();
  }

  /** The next pass: of rows that enter, or else of those that are active. */
  GenerationPass next() {
    List<GenerationRow> entering = enter();
    if (entering.isEmpty()) {
      return GenerationPass.of(active);
    }
    active.addAll(entering);
    return GenerationPass.entering(entering);
  }

  private List<GenerationRow> enter() {
    List<GenerationRow> entering = new ArrayList<>();
    if (!active.isEmpty() && FREE_PART * free.cardinality() < slots) {
      return entering;
    }
    Map<IntBuffer, GenerationRow> byQuery = new HashMap<>();
    while (!waiting.isEmpty() && !free.isEmpty()) {
      GenerationRow row = waiting.element();
      int[] query = row.query();
      GenerationRow source =
          query.length < KvCache.PAGE_TOKENS
              ? row
              : byQuery.getOrDefault(IntBuffer.wrap(query), row);
      if (!cache.hasRoom(row.maxTokens(), source == row ? 0 : query.length)) {
        break;
      }
      int slot = free.nextSetBit(0);
      free.clear(slot);
      row.enter(slot, source);
      if (source == row) {
        cache.enter(slot, row.maxTokens());
        byQuery.put(IntBuffer.wrap(query), row);
      } else {
        cache.enter(slot, source.slot(), query.length, row.maxTokens());
      }
      entering.add(waiting.remove());
    }
    return entering;
  }

  /**
   * After a pass: rows that share a query get their own copy of what they add to; ended rows leave.
   */
  void settle() {
    for (GenerationRow row : active) {
      GenerationRow source = row.source();
      if (source != row && !row.ended()) {
        cache.copyPrefix(row.slot(), source.slot(), row.query().length);
      }
      row.goAlone();
    }
    for (GenerationRow row : active) {
      if (row.ended()) {
        cache.leave(row.slot());
        free.set(row.slot());
      }
    }
    active.removeIf(GenerationRow::ended);
  }
}
