package dev.cantilever.row;

/**
 * The tokens at the beginning of a document, from which queries are drawn.
 *
 * @param documentId names the document within its split
 * @param split which part of the data set it belongs to
 * @param ids its first token ids, as many as preparation was asked to keep; at least one
 */
public record TokenizedDocument(String documentId, Split split, IntSequence ids) {

  /** Checks that there is a name and a token. */
  public TokenizedDocument {
    Checks.notBlank("TokenizedDocument", "documentId", documentId);
    if (ids.isEmpty()) {
      throw new SchemaException(
          "TokenizedDocument: expected at least one token id, found none (documentId "
              + documentId
              + "). Leave documents without tokens out.");
    }
  }
}
