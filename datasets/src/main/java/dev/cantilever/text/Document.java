package dev.cantilever.text;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * One text with its identity.
 *
 * @param id the value of the id column, or {@code source#row} where the format has none; for a text
 *     file its source
 * @param source the file's path under the source's root
 * @param row where in the file, from 1
 * @param text the text, not blank when it comes from a reader, always encodable as UTF-8
 * @param attributes further columns that were asked for, and for the IMDB layout {@code label}
 *     ({@code positive} or {@code negative}) and {@code rating} (1 to 10); copied in
 */
public record Document(
    String id, String source, long row, String text, Map<String, String> attributes)
    implements TextItem {

  /** The attribute that holds a review's label. */
  public static final String LABEL = "label";

  /** The attribute that holds a review's rating. */
  public static final String RATING = "rating";

  /** Copies the attributes. */
  public Document {
    attributes = Map.copyOf(attributes);
  }

  /**
   * An attribute, if the row had it.
   *
   * @param name of the column
   * @return its value as text
   */
  public Optional<String> attribute(String name) {
    return Optional.ofNullable(attributes.get(name));
  }

  /**
   * The same document with another text.
   *
   * @param newText the text
   * @return a copy
   */
  public Document withText(String newText) {
    return new Document(id, source, row, newText, attributes);
  }

  @Override
  public String toString() {
    return "Document[" + id + ", " + text.length() + " chars, " + new TreeMap<>(attributes) + "]";
  }
}
