package dev.cantilever.text;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Reader;
import java.util.Optional;

/**
 * Cuts CSV into records without parsing their fields: a record ends at a line end outside quotes.
 *
 * <p>A quote opens only at the beginning of a field, as in RFC 4180. Finding the records' ends
 * apart from parsing them is what lets the reading go on after a broken record.
 */
final class CsvRecordReader {

  /**
   * A record without its line end.
   *
   * @param line the number of its first line, from 1
   * @param lines how many lines it spans
   * @param text the record
   * @param cut whether it was longer than the limit
   * @param open whether the file ended inside quotes
   */
  record RawRecord(long line, long lines, String text, boolean cut, boolean open) {}

  private enum Place {
    FIELD_START,
    UNQUOTED,
    QUOTED,
    QUOTE_IN_QUOTED
  }

  private final Reader in;
  private final int maxChars;
  private long nextLine = 1;

  CsvRecordReader(Reader in, int maxChars) {
    this.in = new BufferedReader(in);
    this.maxChars = maxChars;
  }

  /** The next record, blank lines included, or empty at the end of the file. */
  Optional<RawRecord> next() throws IOException {
    StringBuilder text = new StringBuilder();
    boolean cut = false;
    boolean started = false;
    long firstLine = nextLine;
    Place place = Place.FIELD_START;
    for (int c = in.read(); c >= 0; c = in.read()) {
      started = true;
      if (c == '\n') {
        nextLine++;
        if (place != Place.QUOTED) {
          return Optional.of(finished(text, firstLine, cut, false));
        }
      }
      place = after(place, c);
      if (text.length() < maxChars) {
        text.append((char) c);
      } else {
        cut = true;
      }
    }
    if (!started) {
      return Optional.empty();
    }
    nextLine++;
    return Optional.of(finished(text, firstLine, cut, place == Place.QUOTED));
  }

  private static Place after(Place place, int c) {
    return switch (place) {
      case FIELD_START -> c == '"' ? Place.QUOTED : afterPlain(c);
      case UNQUOTED -> afterPlain(c);
      case QUOTED -> c == '"' ? Place.QUOTE_IN_QUOTED : Place.QUOTED;
      case QUOTE_IN_QUOTED -> c == '"' ? Place.QUOTED : afterPlain(c);
    };
  }

  private static Place afterPlain(int c) {
    return c == ',' ? Place.FIELD_START : Place.UNQUOTED;
  }

  private RawRecord finished(StringBuilder text, long firstLine, boolean cut, boolean open) {
    int length = text.length();
    if (length > 0 && text.charAt(length - 1) == '\r') {
      text.setLength(length - 1);
    }
    return new RawRecord(firstLine, nextLine - firstLine, text.toString(), cut, open);
  }
}
