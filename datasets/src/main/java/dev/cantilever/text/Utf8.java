package dev.cantilever.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PushbackReader;
import java.io.Reader;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/** Decoding that marks what is not UTF-8 instead of failing or hiding it. */
final class Utf8 {

  /*
   * A strict decoder ends the whole file at the first bad byte, and the usual replacement U+FFFD
   * cannot be told from one that the author wrote. Undecodable bytes therefore become a lone low
   * surrogate, which no valid UTF-8 decodes to: a row that holds one is bad, its neighbours are
   * not. The same test finds JSON escapes of half a character.
   */
  private static final String UNDECODABLE = "\uDC80";

  private static final int REPLACEMENT = 0xFFFD;
  private static final char BYTE_ORDER_MARK = '\uFEFF';

  private Utf8() {}

  /** A reader over UTF-8 bytes, a leading byte order mark skipped, bad bytes marked. */
  static Reader reader(InputStream in) throws IOException {
    CharsetDecoder decoder =
        StandardCharsets.UTF_8
            .newDecoder()
            .onMalformedInput(CodingErrorAction.REPLACE)
            .onUnmappableCharacter(CodingErrorAction.REPLACE)
            .replaceWith(UNDECODABLE);
    PushbackReader reader = new PushbackReader(new InputStreamReader(in, decoder), 1);
    int first = reader.read();
    if (first >= 0 && first != BYTE_ORDER_MARK) {
      reader.unread(first);
    }
    return reader;
  }

  /** Whether every surrogate is paired: no marked byte and no half character. */
  static boolean isWellFormed(String text) {
    // Pairs come out of this stream as one code point, so a surrogate that is left stands alone.
    return text.codePoints().noneMatch(Utf8::isSurrogate);
  }

  /** The text with each unpaired surrogate shown as U+FFFD, so that it can be written out. */
  static String display(String text) {
    if (isWellFormed(text)) {
      return text;
    }
    StringBuilder shown = new StringBuilder(text.length());
    text.codePoints().map(c -> isSurrogate(c) ? REPLACEMENT : c).forEach(shown::appendCodePoint);
    return shown.toString();
  }

  private static boolean isSurrogate(int codePoint) {
    return codePoint >= Character.MIN_SURROGATE && codePoint <= Character.MAX_SURROGATE;
  }
}
