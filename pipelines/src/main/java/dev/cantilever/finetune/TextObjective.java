package dev.cantilever.finetune;

import dev.cantilever.draw.KeyedDraw;
import dev.cantilever.draw.Stream;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.ResponseRows;
import dev.cantilever.row.TokenRow;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What a model learns of a row: to predict every token but the first; or if an encoder reads, to
 * continue the row's beginning with the rest, which is prefix language modelling (Raffel et al.
 * 2020, section 3.2.1). Where a row is parted is drawn once, uniformly over all places.
 */
final class TextObjective {

  private final KeyedDraw draw;
  private final boolean parted;
  private final int[] end; // of what an encoder reads

  TextObjective(Architecture architecture, long seed) {
    this.draw = new KeyedDraw(seed, Stream.PREFIX_LENGTH);
    this.parted = architecture.encoder().isPresent();
    this.end = architecture.queryEnd();
  }

  /** Rows of two tokens or more, with what is to be predicted of them. */
  ResponseRows of(List<TokenRow> rows) {
    if (!parted) {
      return ResponseRows.ofTexts(FineTuneRows.packed(rows));
    }
    int[][] prefixes = new int[rows.size()][];
    int[][] rests = new int[rows.size()][];
    for (int r = 0; r < prefixes.length; r++) {
      int[] ids = rows.get(r).ids().toArray();
      String key = rows.get(r).split() + ":" + rows.get(r).rowId();
      int prefix = 1 + draw.below(key, ids.length - 1);
      prefixes[r] = IntStream.concat(Arrays.stream(ids, 0, prefix), Arrays.stream(end)).toArray();
      rests[r] = Arrays.copyOfRange(ids, prefix, ids.length);
    }
    return ResponseRows.of(prefixes, rests);
  }
}
