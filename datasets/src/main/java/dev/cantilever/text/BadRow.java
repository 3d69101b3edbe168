package dev.cantilever.text;

/**
 * A row that could not become a document: what a dead-letter file holds.
 *
 * @param source the file's path under the source's root
 * @param row where in the file the row begins, from 1
 * @param reason the kind of defect
 * @param detail the defect in words: what was expected and what was found
 * @param raw the row as it stood, at most {@link #RAW_LIMIT} characters, undecodable bytes shown as
 *     U+FFFD; longer content is cut and ends with an ellipsis
 */
public record BadRow(String source, long row, Reason reason, String detail, String raw)
    implements TextItem {

  /** The most characters of raw content that are kept. */
  public static final int RAW_LIMIT = 500;

  /** The kinds of defect, for counting. */
  public enum Reason {
    /** Not JSON, not an object, or broken CSV. */
    MALFORMED,
    /** No text column in this row, or it is null. */
    MISSING_TEXT,
    /** The id column was asked for and this row has none. */
    MISSING_ID,
    /** The text column holds something other than text. */
    WRONG_TYPE,
    /** The text is empty or only white space. */
    EMPTY_TEXT,
    /** Bytes that are not UTF-8, or escapes that name half a character. */
    INVALID_UTF8,
    /** The row is longer than a reader will hold in memory. */
    TOO_LONG
  }

  /** Cuts the raw content to its limit, never inside a surrogate pair. */
  public BadRow {
    raw = trimmed(Utf8.display(raw));
  }

  private static String trimmed(String raw) {
    if (raw.length() <= RAW_LIMIT) {
      return raw;
    }
    int end = RAW_LIMIT - 1;
    if (Character.isHighSurrogate(raw.charAt(end - 1))) {
      end--;
    }
    return raw.substring(0, end) + "…";
  }
}
