package dev.cantilever.prepare;

/** What is written between two documents of a packed row. */
public enum DocumentSeparator {
  /** Nothing, as in trl's sentiment scripts. */
  NONE,
  /** The tokenizer's end-of-text token. */
  END_OF_TEXT
}
