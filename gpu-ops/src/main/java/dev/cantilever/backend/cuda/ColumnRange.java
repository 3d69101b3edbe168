package dev.cantilever.backend.cuda;

import dev.cantilever.backend.LowRankTerm;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Columns of an output that the same low-rank terms add to, so that one block can add all of them
 * in order.
 *
 * @param column the first
 * @param columns how many
 * @param terms a bit for each term, the first term's the lowest
 */
record ColumnRange(int column, int columns, int terms) {

  /**
   * Cuts what terms, up to 32, add to: ascending, at the edges of every term. One of rank 0 adds to
   * nothing.
   */
  static List<ColumnRange> of(List<LowRankTerm> terms) {
    TreeSet<Integer> edges = new TreeSet<>();
    for (LowRankTerm term : terms) {
      edges.add(term.column());
      edges.add(term.column() + term.outputs());
    }
    List<ColumnRange> ranges = new ArrayList<>();
    for (int from : edges) {
      int covering = 0;
      for (int t = 0; t < terms.size(); t++) {
        LowRankTerm term = terms.get(t);
        boolean covers = term.column() <= from && from < term.column() + term.outputs();
        if (covers && term.rank() > 0) {
          covering |= 1 << t;
        }
      }
      if (covering != 0) {
        int to = edges.tailSet(from, false).first();
        ranges.add(new ColumnRange(from, to - from, covering));
      }
    }
    return ranges;
  }
}
