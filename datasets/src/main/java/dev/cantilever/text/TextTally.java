package dev.cantilever.text;

import java.util.EnumMap;
import java.util.Map;

/**
 * Counts of everything that was read, refused and dropped. Not safe for sharing between threads;
 * one per worker, then {@link #add(TextTally)}.
 */
public final class TextTally {

  private final Map<BadRow.Reason, Long> bad = new EnumMap<>(BadRow.Reason.class);
  private final Map<Cleaned.Reason, Long> dropped = new EnumMap<>(Cleaned.Reason.class);
  private long documents;
  private long kept;

  /**
   * Counts an item as it was read.
   *
   * @param item a document or a bad row
   */
  public void add(TextItem item) {
    if (item instanceof BadRow row) {
      bad.merge(row.reason(), 1L, Long::sum);
    } else {
      documents++;
    }
  }

  /**
   * Counts what became of a document.
   *
   * @param cleaned kept or dropped
   */
  public void add(Cleaned cleaned) {
    if (cleaned instanceof Cleaned.Dropped row) {
      dropped.merge(row.reason(), 1L, Long::sum);
    } else {
      kept++;
    }
  }

  /**
   * Adds another worker's counts.
   *
   * @param other unchanged
   */
  public void add(TextTally other) {
    other.bad.forEach((reason, count) -> bad.merge(reason, count, Long::sum));
    other.dropped.forEach((reason, count) -> dropped.merge(reason, count, Long::sum));
    documents += other.documents;
    kept += other.kept;
  }

  /**
   * Rows in: documents and bad rows.
   *
   * @return the count
   */
  public long rows() {
    return documents + badRows();
  }

  /**
   * Rows that became documents.
   *
   * @return the count
   */
  public long documents() {
    return documents;
  }

  /**
   * Documents kept by cleaning.
   *
   * @return the count
   */
  public long kept() {
    return kept;
  }

  /**
   * Rows that became dead letters.
   *
   * @return the count
   */
  public long badRows() {
    return bad.values().stream().mapToLong(Long::longValue).sum();
  }

  /**
   * Dead letters by reason; reasons that did not occur are absent.
   *
   * @return a copy
   */
  public Map<BadRow.Reason, Long> bad() {
    return Map.copyOf(bad);
  }

  /**
   * Dropped documents by reason; reasons that did not occur are absent.
   *
   * @return a copy
   */
  public Map<Cleaned.Reason, Long> dropped() {
    return Map.copyOf(dropped);
  }

  /**
   * Holds a source to having yielded something.
   *
   * @param where the source, for the message
   * @throws DatasetException if no document was kept
   */
  public void requireKept(String where) {
    if (kept == 0) {
      throw new DatasetException(
          where,
          "at least one usable document",
          "none: " + this,
          "Look at the reasons, and at the settings of columns and lengths");
    }
  }

  @Override
  public String toString() {
    return rows() + " rows, bad " + bad + ", dropped " + dropped + ", kept " + kept;
  }
}
