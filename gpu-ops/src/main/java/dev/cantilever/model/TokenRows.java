package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Rows of token ids on the host, one behind the other.
 *
 * @param ids the ids of all rows
 * @param offsets B + 1 ascending offsets into {@code ids}, the first zero
 */
public record TokenRows(int[] ids, int[] offsets) {

  /** Packs rows given one by one. */
  public static TokenRows of(int[]... rows) {
    int[] offsets = new int[rows.length + 1];
    for (int r = 0; r < rows.length; r++) {
      offsets[r + 1] = offsets[r] + rows[r].length;
    }
    int[] ids = new int[offsets[rows.length]];
    for (int r = 0; r < rows.length; r++) {
      System.arraycopy(rows[r], 0, ids, offsets[r], rows[r].length);
    }
    return new TokenRows(ids, offsets);
  }

  /**
   * The tokens of padded rows whose mask is 1, row by row.
   *
   * @param ids [B, width]
   * @param mask [B, width], 0 or 1
   */
  public static TokenRows ofPadded(int[] ids, int[] mask, int width) {
    int[][] rows = new int[ids.length / width][];
    for (int r = 0; r < rows.length; r++) {
      int first = r * width;
      rows[r] =
          IntStream.range(first, first + width)
              .filter(i -> mask[i] == 1)
              .map(i -> ids[i])
              .toArray();
    }
    return of(rows);
  }

  /** B. */
  public int rows() {
    return offsets.length - 1;
  }

  /** N. */
  public int tokens() {
    return offsets[offsets.length - 1];
  }

  /** Tokens of row {@code row}. */
  public int length(int row) {
    return offsets[row + 1] - offsets[row];
  }

  /** Tokens of the longest row. */
  public int longest() {
    return IntStream.range(0, rows()).map(this::length).max().orElseThrow();
  }

  /** A copy of the ids of row {@code row}. */
  public int[] row(int row) {
    return Arrays.copyOfRange(ids, offsets[row], offsets[row + 1]);
  }

  /** The rows {@code [from, to)}. */
  public TokenRows slice(int from, int to) {
    int[] shifted = new int[to - from + 1];
    for (int r = from; r <= to; r++) {
      shifted[r - from] = offsets[r] - offsets[from];
    }
    return new TokenRows(Arrays.copyOfRange(ids, offsets[from], offsets[to]), shifted);
  }

  /**
   * One past the last row that a model takes in one pass with row {@code from} and all between.
   *
   * @param mostTokens of a pass of more rows than one
   */
  public int endOfPass(Architecture architecture, int from, int mostTokens) {
    int to = from + 1;
    while (to < rows()
        && offsets[to + 1] - offsets[from] <= mostTokens
        && architecture.takesTogether(length(from), length(to))) {
      to++;
    }
    return to;
  }

  /** These rows followed by others. */
  public TokenRows followedBy(TokenRows others) {
    int[] all = Arrays.copyOf(ids, tokens() + others.tokens());
    System.arraycopy(others.ids, 0, all, tokens(), others.tokens());
    int[] joined = Arrays.copyOf(offsets, rows() + others.rows() + 1);
    for (int r = 1; r <= others.rows(); r++) {
      joined[rows() + r] = tokens() + others.offsets[r];
    }
    return new TokenRows(all, joined);
  }

  /**
   * Checks that a model can take these rows.
   *
   * @throws CheckpointException naming the row, if an id is beyond the vocabulary or a row is empty
   *     or longer than the model's positions
   */
  public void requireFits(Architecture architecture) {
    int vocab = architecture.embedding().vocabSize();
    int longest = architecture.embedding().maxPositions();
    for (int r = 0; r < rows(); r++) {
      if (length(r) == 0 || length(r) > longest) {
        throw new CheckpointException(
            "Row %d: expected 1 to %d tokens, which is what the model takes, found %d. Shorten the texts."
                .formatted(r, longest, length(r)));
      }
      for (int t = offsets[r]; t < offsets[r + 1]; t++) {
        if (ids[t] < 0 || ids[t] >= vocab) {
          throw new CheckpointException(
              "Row %d: expected token ids below the model's vocabulary of %d, found %d. The tokenizer does not belong to the model."
                  .formatted(r, vocab, ids[t]));
        }
      }
    }
  }
}
