package dev.cantilever.text;

import java.io.Serializable;
import java.util.List;

/**
 * Which columns of a row become what. A folder of text files has none and ignores them.
 *
 * @param text the column that holds the text
 * @param id the column that holds the document's id, or the empty string: then ids are made of file
 *     name and row
 * @param attributes further columns to keep as text; a row that lacks one simply lacks it
 * @param jsonText whether the text of a JSON row may be a list, as of messages, which is then kept
 *     as its JSON
 */
public record TextColumns(String text, String id, List<String> attributes, boolean jsonText)
    implements Serializable {

  /** Checks the names. */
  public TextColumns {
    attributes = List.copyOf(attributes);
    if (text.isBlank()) {
      throw new DatasetException(
          "text column", "the name of a column", "'" + text + "'", "Name the column of the text");
    }
  }

  /**
   * Only a text column.
   *
   * @param name of the column
   * @return columns with made ids and no attributes
   */
  public static TextColumns ofText(String name) {
    return new TextColumns(name, "", List.of(), false);
  }

  /**
   * The columns of the embedded reviews: {@code text}, {@code id}, and {@code label} and {@code
   * rating} as attributes.
   *
   * @return the columns
   */
  public static TextColumns ofReviews() {
    return new TextColumns("text", "id", List.of(Document.LABEL, Document.RATING), false);
  }

  boolean hasId() {
    return !id.isEmpty();
  }
}
