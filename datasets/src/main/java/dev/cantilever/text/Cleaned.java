package dev.cantilever.text;

/** What became of a document: kept with its cleaned text, or dropped for a reason. */
public sealed interface Cleaned {

  /**
   * The document to go on with.
   *
   * @param document with the cleaned text
   */
  record Kept(Document document) implements Cleaned {}

  /**
   * A document that the spec's bounds leave out.
   *
   * @param document with the cleaned text
   * @param reason why
   */
  record Dropped(Document document, Reason reason) implements Cleaned {}

  /** Why a readable document is dropped. */
  enum Reason {
    /** Nothing but white space was left. */
    EMPTY,
    /** Fewer characters than the spec's least. */
    TOO_SHORT,
    /** More characters than the spec's most. */
    TOO_LONG
  }
}
