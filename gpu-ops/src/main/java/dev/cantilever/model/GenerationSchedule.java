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
 * model once and share its full pages.
 *
 * <p>Those in the middle of a response take several steps before the host looks at what they drew,
 * so that the device need not wait for it after each; what a row draws behind its end is dropped.
 * None of this changes what a row says.
 *
 * <p>Rows that the model does not {@linkplain Architecture#takesTogether take together} take turns,
 * the shortest first, so that they catch up with the others and go on beside them. A pass takes no
 * more steps than its rows are of the same form for.
 */
final class GenerationSchedule {

  /** Rows enter once one slot in so many is free. */
  private static final int FREE_PART = 4;

  /**
   * Most steps without a look. After each look the device waits until the host has told it what
   * comes next, some tenths of a millisecond.
   */
  static final int MOST_STEPS = 32;

  /** Steps where rows may end at a token: when all of them have, the steps left are of no use. */
  private static final int MOST_STEPS_BEFORE_ENDS = 8;

  /**
   * The same where an end would be of use at once, because others wait or no other row needs the
   * step. An end is seen half a step late on average, which is a hundredth of a response of 50
   * tokens and what looking half as often gains; 8 steps would lose more than they gain.
   */
  private static final int STEPS_BEFORE_ENDS = 2;

  private final Architecture architecture;
  private final GenerationCache cache;
  private final int slots;
  private final StopRule stop;
  private final int mostSteps;
  private final Deque<GenerationRow> waiting;
  private final List<GenerationRow> active = new ArrayList<>();
  private final BitSet free = new BitSet();

  /**
   * A schedule of rows of which none has entered.
   *
   * @param architecture of the model that they go through
   * @param slots of the cache, all of them free; its pages are enough for any one of the rows
   * @param stop by which rows may end before their length
   * @param mostSteps most steps of a pass, up to {@link #MOST_STEPS}
   */
  GenerationSchedule(
      Architecture architecture,
      List<GenerationRow> rows,
      GenerationCache cache,
      int slots,
      StopRule stop,
      int mostSteps) {
    this.architecture = architecture;
    this.cache = cache;
    this.slots = slots;
    this.stop = stop;
    this.mostSteps = mostSteps;
    this.waiting = new ArrayDeque<>(rows);
    free.set(0, slots);
  }

  /** Whether a row has not ended. */
  boolean goesOn() {
    return !active.isEmpty() || !waiting.isEmpty();
  }

  /** How many rows have entered and have not left. */
  int active() {
    return active.size();
  }

  /**
   * How many of them have tokens left once those that enter have drawn their first, and are within
   * the positions first trained on with the token that they feed next.
   */
  int activeBehindEntering() {
    int longest = architecture.block().longestRow();
    return (int)
        active.stream()
            .filter(
                row -> {
                  int first = row.isEntering() ? 1 : 0;
                  return row.remaining() > first && row.seenTokens() <= longest - first;
                })
            .count();
  }

  /** The next pass: of rows that enter, or else of those that are active. */
  GenerationPass next() {
    List<GenerationRow> entering = enter();
    if (entering.isEmpty()) {
      List<GenerationRow> together = shortest();
      return GenerationPass.decoding(together, steps(together));
    }
    active.addAll(entering);
    return GenerationPass.entering(entering);
  }

  /** The shortest row that is active, with those that the model takes beside it. */
  private List<GenerationRow> shortest() {
    int shortest = active.stream().mapToInt(GenerationRow::seenTokens).min().orElseThrow();
    return active.stream()
        .filter(row -> architecture.takesTogether(shortest, row.seenTokens()))
        .toList();
  }

  /**
   * As many as every row has tokens left, for which it has pages too, and up to the last one within
   * the positions first trained on.
   */
  private int steps(List<GenerationRow> rows) {
    int left = rows.stream().mapToInt(GenerationRow::remaining).min().orElseThrow();
    int longest = rows.stream().mapToInt(GenerationRow::seenTokens).max().orElseThrow();
    int sameForm = Math.max(1, architecture.block().longestRow() - longest + 1);
    return Math.min(Math.min(left, sameForm), Math.min(mostSteps, mostStepsByEnds()));
  }

  private int mostStepsByEnds() {
    if (stop.isEmpty()) {
      return MOST_STEPS;
    }
    return waiting.isEmpty() && active.size() > 1 ? MOST_STEPS_BEFORE_ENDS : STEPS_BEFORE_ENDS;
  }

  private List<GenerationRow> enter() {
    List<GenerationRow> entering = new ArrayList<>();
    if (!active.isEmpty() && FREE_PART * free.cardinality() < slots) {
      return entering;
    }
    Map<IntBuffer, GenerationRow> byQuery = new HashMap<>();
    while (!waiting.isEmpty() && !free.isEmpty()) {
      GenerationRow row = waiting.element();
      if (!entering.isEmpty()
          && !architecture.takesTogether(entering.get(0).seenTokens(), row.seenTokens())) {
        break;
      }
      int[] query = row.query();
      GenerationRow source =
          query.length < KvCache.PAGE_TOKENS
              ? row
              : byQuery.getOrDefault(IntBuffer.wrap(query), row);
      if (!cache.hasRoom(row, source)) {
        break;
      }
      int slot = free.nextSetBit(0);
      free.clear(slot);
      row.enter(slot, source);
      cache.enter(row, source);
      if (source == row) {
        byQuery.put(IntBuffer.wrap(query), row);
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
        cache.copyPrefix(row, source);
      }
      row.goAlone();
    }
    for (GenerationRow row : active) {
      if (row.ended()) {
        cache.leave(row);
        free.set(row.slot());
      }
    }
    active.removeIf(GenerationRow::ended);
  }
}
