package dev.cantilever.row;

/**
 * A cleaned text.
 *
 * @param documentId names the document within its data set
 * @param source the file it was read from
 * @param text the text, cleaned
 * @param split which part of the data set it belongs to
 */
public record Document(long documentId, String source, String text, Split split) {

  /** Checks the id. */
  public Document {
    Checks.notNegative("Document", "documentId", documentId);
  }
}
