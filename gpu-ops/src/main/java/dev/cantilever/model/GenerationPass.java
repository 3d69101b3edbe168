package dev.cantilever.model;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * The rows of one pass through the model, or of several in a row.
 *
 * @param feeding those whose tokens go through it
 * @param drawing those that draw a token behind it, each from the last token of its {@link
 *     GenerationRow#source}, which is among those feeding
 * @param steps how often: each time but the first, rows feed what they drew the time before
 */
record GenerationPass(List<GenerationRow> feeding, List<GenerationRow> drawing, int steps) {

  /** Copies the lists. */
  GenerationPass {
    feeding = List.copyOf(feeding);
    drawing = List.copyOf(drawing);
  }

  /** Of rows in the middle of a response, none of which may have fewer tokens left than steps. */
  static GenerationPass decoding(List<GenerationRow> rows, int steps) {
    return new GenerationPass(rows, rows, steps);
  }

  /** Of rows that enter, some perhaps with the query of another. */
  static GenerationPass entering(List<GenerationRow> rows) {
    return new GenerationPass(rows.stream().filter(row -> row.source() == row).toList(), rows, 1);
  }

  /** What goes through the model. */
  TokenRows tokens() {
    return TokenRows.of(feeding.stream().map(GenerationRow::nextTokens).toArray(int[][]::new));
  }

  /** The queries of those feeding. */
  TokenRows queries() {
    return TokenRows.of(feeding.stream().map(GenerationRow::query).toArray(int[][]::new));
  }

  /** Positions of {@link #tokens}. */
  int[] positions() {
    TokenRows tokens = tokens();
    int[] positions = new int[tokens.tokens()];
    for (int row = 0; row < tokens.rows(); row++) {
      int first = tokens.offsets()[row];
      for (int t = first; t < tokens.offsets()[row + 1]; t++) {
        positions[t] = feeding.get(row).nextPosition() + t - first;
      }
    }
    return positions;
  }

  /** Tokens that the longest row has behind the first step. */
  int seenTokens() {
    return feeding.stream().mapToInt(GenerationRow::seenTokens).max().orElseThrow();
  }

  /** The slot of each row that feeds. */
  int[] slots() {
    return feeding.stream().mapToInt(GenerationRow::slot).toArray();
  }

  /** Index among {@link #tokens} of the token from which each row draws. */
  int[] last() {
    Map<GenerationRow, Integer> lastOf = new HashMap<>();
    int tokens = 0;
    for (GenerationRow row : feeding) {
      tokens += row.nextTokens().length;
      lastOf.put(row, tokens - 1);
    }
    return drawing.stream()
        .mapToInt(row -> Objects.requireNonNull(lastOf.get(row.source())))
        .toArray();
  }

  /** Index within its response of the token that each row draws. */
  int[] responsePositions() {
    return drawing.stream().mapToInt(GenerationRow::responsePosition).toArray();
  }

  /** Whether its rows enter the cache: the pass is of whole prompts. */
  boolean enters() {
    return feeding.get(0).isEntering();
  }
}
