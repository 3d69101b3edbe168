package dev.cantilever.finetune;

import dev.cantilever.manifest.Digests;
import dev.cantilever.model.Architecture;
import dev.cantilever.model.TokenRows;
import dev.cantilever.row.Split;
import dev.cantilever.row.TokenRow;
import dev.cantilever.text.DatasetException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * The rows of a fine-tuning, each list in the order of its row ids, in whatever order they came.
 * Rows of a single token predict nothing and are not among them.
 *
 * @param train rows to learn from
 * @param heldOut rows to measure the loss on
 */
record FineTuneRows(List<TokenRow> train, List<TokenRow> heldOut) {

  /**
   * Sorts and checks.
   *
   * @param evaluationRows most held-out rows to take; 0 takes all
   * @throws DatasetException if a row occurs twice, or there is nothing to learn from or to measure
   *     on
   */
  static FineTuneRows of(Iterable<TokenRow> rows, int evaluationRows) {
    List<TokenRow> train = new ArrayList<>();
    List<TokenRow> heldOut = new ArrayList<>();
    for (TokenRow row : rows) {
      if (row.ids().size() != 1) {
        (row.split() == Split.TRAIN ? train : heldOut).add(row);
      }
    }
    sort(train, "to learn from", "Give more texts, or hold out fewer");
    sort(heldOut, "to measure the loss on", "Give more texts, or hold out more");
    boolean all = evaluationRows == 0 || evaluationRows >= heldOut.size();
    return new FineTuneRows(
        List.copyOf(train), List.copyOf(all ? heldOut : heldOut.subList(0, evaluationRows)));
  }

  private static void sort(List<TokenRow> rows, String purpose, String remedy) {
    if (rows.isEmpty()) {
      throw new DatasetException(
          "prepared data", "rows of two tokens or more " + purpose, "none", remedy);
    }
    rows.sort(Comparator.comparingLong(TokenRow::rowId));
    for (int r = 1; r < rows.size(); r++) {
      long id = rows.get(r).rowId();
      if (id == rows.get(r - 1).rowId()) {
        throw new DatasetException(
            "prepared data",
            "each row of a split once",
            "row " + id + " of " + rows.get(r).split() + " twice",
            "Prepare the data again");
      }
    }
  }

  /**
   * Checks that a model can take all rows.
   *
   * @throws dev.cantilever.hub.CheckpointException naming the row by its place in its split
   */
  void requireFit(Architecture architecture) {
    packed(train).requireFits(architecture);
    packed(heldOut).requireFits(architecture);
  }

  /** Rows one behind the other. */
  static TokenRows packed(List<TokenRow> rows) {
    return TokenRows.of(rows.stream().map(row -> row.ids().toArray()).toArray(int[][]::new));
  }

  /** Digest of the rows in their order. */
  String digest() {
    StringBuilder listing = new StringBuilder();
    for (List<TokenRow> rows : List.of(train, heldOut)) {
      for (TokenRow row : rows) {
        String ids = Digests.sha256(row.ids().toString());
        listing.append(row.split()).append(' ').append(row.rowId()).append(' ').append(ids);
        listing.append('\n');
      }
    }
    return Digests.sha256(listing.toString());
  }
}
