package dev.cantilever.model;

import java.util.Arrays;
import java.util.stream.IntStream;

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

  /** Texts of which every token but the first is a response to those before it. */
  public static ResponseRows ofTexts(TokenRows texts) {
    int[] lengths = new int[texts.rows()];
    Arrays.fill(lengths, 1);
    return new ResponseRows(texts, lengths);
  }

  /** Number of tokens that are predicted. */
  public int predicted() {
    return responseOffsets()[rows()];
  }

  /**
   * Checks that a model can take these rows.
   *
   * @throws dev.cantilever.hub.CheckpointException as {@link TokenRows#requireFits} does
   */
  public void requireFits(Architecture architecture) {
    forModel(architecture).rows().requireFits(architecture);
  }

  /**
   * As a model takes them: each row as it is, or where there is an encoder the query for it, and
   * for the decoder its start token followed by the response but for the last token.
   */
  PredictedRows forModel(Architecture architecture) {
    return architecture
        .encoder()
        .map(encoder -> forDecoder(encoder.startToken()))
        .orElseGet(this::asTheyAre);
  }

  private PredictedRows asTheyAre() {
    int[] predicting = new int[predicted()];
    int m = 0;
    for (int r = 0; r < rows(); r++) {
      int first = tokens.offsets()[r] + queryLengths[r] - 1;
      for (int t = first; t < tokens.offsets()[r + 1] - 1; t++) {
        predicting[m++] = t;
      }
    }
    int[] targets = Arrays.stream(predicting).map(t -> tokens.ids()[t + 1]).toArray();
    return new PredictedRows(ModelRows.of(tokens), predicting, targets);
  }

  private PredictedRows forDecoder(int startToken) {
    int[][] queries = new int[rows()][];
    int[][] fed = new int[rows()][];
    int[] targets = new int[predicted()];
    int m = 0;
    for (int r = 0; r < rows(); r++) {
      int[] row = tokens.row(r);
      queries[r] = Arrays.copyOf(row, queryLengths[r]);
      int count = row.length - queryLengths[r];
      System.arraycopy(row, queryLengths[r], targets, m, count);
      fed[r] = new int[count];
      fed[r][0] = startToken;
      System.arraycopy(targets, m, fed[r], 1, count - 1);
      m += count;
    }
    ModelRows rows = ModelRows.of(TokenRows.of(queries), TokenRows.of(fed));
    return new PredictedRows(rows, IntStream.range(0, m).toArray(), targets);
  }
}
