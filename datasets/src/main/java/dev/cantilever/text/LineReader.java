package dev.cantilever.text;

import java.io.IOException;
import java.io.Reader;
import java.util.Optional;

/**
 * Lines that end with LF or CR LF, numbered from 1; only the beginning of a line that is too long
 * is kept. Unlike {@link java.io.BufferedReader}, a lone CR does not end a line, as it is white
 * space inside JSON.
 */
final class LineReader {

  private static final int BUFFER_CHARS = 1 << 16;

  /** A line without its end; {@code cut} if it was longer than the limit. */
  record Line(long number, String text, boolean cut) {}

  private final Reader in;
  private final int maxChars;
  private final char[] buffer = new char[BUFFER_CHARS];
  private int position;
  private int limit;
  private long number;

  LineReader(Reader in, int maxChars) {
    this.in = in;
    this.maxChars = maxChars;
  }

  /** The next line, or empty at the end of the file. */
  Optional<Line> next() throws IOException {
    StringBuilder line = new StringBuilder();
    boolean cut = false;
    boolean started = false;
    while (fill()) {
      started = true;
      int end = position;
      while (end < limit && buffer[end] != '\n') {
        end++;
      }
      int kept = Math.min(end - position, maxChars - line.length());
      line.append(buffer, position, kept);
      cut |= kept < end - position;
      position = end;
      if (end < limit) {
        position++;
        return Optional.of(finished(line, cut));
      }
    }
    return started ? Optional.of(finished(line, cut)) : Optional.empty();
  }

  private Line finished(StringBuilder line, boolean cut) {
    int length = line.length();
    if (length > 0 && line.charAt(length - 1) == '\r') {
      line.setLength(length - 1);
    }
    number++;
    return new Line(number, line.toString(), cut);
  }

  private boolean fill() throws IOException {
    if (position < limit) {
      return true;
    }
    position = 0;
    limit = Math.max(0, in.read(buffer, 0, buffer.length));
    return limit > 0;
  }
}
