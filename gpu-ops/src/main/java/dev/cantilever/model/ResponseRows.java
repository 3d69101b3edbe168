package dev.cantilever.model;

import java.util.Arrays;

/**
 * Queries with their responses: each row is query ⊕ response.
 *
 * @param tokens the rows
 * @param queryLengths tokens of each row that belong to its query; at least 1, and the row longer
 */
public record ResponseRows(TokenRows tokens, int[] queryLengths) {

  /** Checks that every row has a query and a response. */
  public ResponseRows {
    if (queryLengths.length != tokens.rows()) {
      throw new IllegalArgumentException(
          "Expected a query length for each of "
              + tokens.rows()
              + " rows, got "
              + queryLengths.length);
    }
    for (int r = 0; r < queryLengths.length; r++) {
      if (queryLengths[r] < 1 || queryLengths[r] >= tokens.length(r)) {
        throw new IllegalArgumentException(
            "Row "
                + r
                + ": expected a query of at least 1 token and a response behind it, got "
                + queryLengths[r]
                + " of "
                + tokens.length(r)
                + " tokens");
      }
    }
  }

  /** Joins queries and responses row by row. */
  public static ResponseRows of(int[][] queries, int[][] responses) {
    int[][] rows = new int[queries.length][];
    int[] lengths = new int[queries.length];
    for (int r = 0; r < rows.length; r++) {
      lengths[r] = queries[r].length;
      rows[r] = Arrays.copyOf(queries[r], queries[r].length + responses[r].length);
      System.arraycopy(responses[r], 0, rows[r], lengths[r], responses[r].length);
    }
    return new ResponseRows(TokenRows.of(rows), lengths);
  }

  /** B. */
  public int rows() {
    return queryLengths.length;
  }

  /** The rows {@code [from, to)}. */
  public ResponseRows slice(int from, int to) {
    return new ResponseRows(tokens.slice(from, to), Arrays.copyOfRange(queryLengths, from, to));
  }

  /** Offsets of the rows' responses in a flat array of response tokens, B + 1. */
  public int[] responseOffsets() {
    int[] offsets = new int[rows() + 1];
    for (int r = 0; r < rows(); r++) {
      offsets[r + 1] = offsets[r] + tokens.length(r) - queryLengths[r];
    }
    return offsets;
  }

  /** The tokens whose hidden states predict the responses, M of them. */
  int[] predictingTokens() {
    int[] selected = new int[responseOffsets()[rows()]];
    int m = 0;
    for (int r = 0; r < rows(); r++) {
      int first = tokens.offsets()[r] + queryLengths[r] - 1;
      for (int t = first; t < tokens.offsets()[r + 1] - 1; t++) {
        selected[m++] = t;
      }
    }
    return selected;
  }

  /** The response tokens, M of them. */
  int[] targets() {
    int[] selected = predictingTokens();
    for (int m = 0; m < selected.length; m++) {
      selected[m] = tokens.ids()[selected[m] + 1];
    }
    return selected;
  }
}
