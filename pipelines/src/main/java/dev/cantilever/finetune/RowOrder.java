package dev.cantilever.finetune;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import dev.cantilever.row.TokenRow;
import java.util.Comparator;
import java.util.List;

/**
 * In what order rows are learned from, and which dropout each meets: functions of the seed, the
 * epoch or the step, and the row's id or place.
 */
final class RowOrder {

  /*
   * Sorting by a keyed random number gives a uniform permutation. Equal numbers, one pair in 2^64,
   * fall back to the ids.
   */
  private record Ranked(long rank, TokenRow row) {}

  private static final Comparator<Ranked> ORDER =
      Comparator.comparingLong(Ranked::rank).thenComparing(ranked -> ranked.row().rowId());

  private final KeyedDraw draw;

  RowOrder(long seed) {
    this.draw = new KeyedDraw(seed, Stream.FINE_TUNING);
  }

  /** A permutation of the rows, of its own for each epoch. */
  List<TokenRow> ofEpoch(List<TokenRow> rows, int epoch) {
    return rows.stream()
        .map(row -> new Ranked(draw.bits(KeyedDraw.digest("row " + row.rowId()), epoch), row))
        .sorted(ORDER)
        .map(Ranked::row)
        .toList();
  }

  /**
   * The key of a row's adapter dropout.
   *
   * @param step optimizer step, from 0
   * @param place of the row in the step
   */
  long dropoutKey(int step, int place) {
    return draw.bits(KeyedDraw.digest("dropout " + step), place);
  }
}
