package dev.cantilever.text;

/** Applies a {@link CleaningSpec}. Stateless and safe for sharing between threads. */
public final class TextCleaner {

  private final CleaningSpec spec;

  /**
   * A cleaner.
   *
   * @param spec what to do
   */
  public TextCleaner(CleaningSpec spec) {
    this.spec = spec;
  }

  /**
   * Cleans a document and decides whether it is kept.
   *
   * @param document as read
   * @return the cleaned document, kept or dropped
   */
  public Cleaned clean(Document document) {
    Document cleaned = document.withText(clean(document.text()));
    if (cleaned.text().isBlank()) {
      return new Cleaned.Dropped(cleaned, Cleaned.Reason.EMPTY);
    }
    int chars = cleaned.text().codePointCount(0, cleaned.text().length());
    if (chars < spec.minChars()) {
      return new Cleaned.Dropped(cleaned, Cleaned.Reason.TOO_SHORT);
    }
    if (chars > spec.maxChars()) {
      return new Cleaned.Dropped(cleaned, Cleaned.Reason.TOO_LONG);
    }
    return new Cleaned.Kept(cleaned);
  }

  /**
   * Cleans a text, without regard to its length.
   *
   * @param text any text
   * @return the cleaned text, possibly empty
   */
  public String clean(String text) {
    String plain = spec.html() ? HtmlText.plain(text) : text;
    return switch (spec.whitespace()) {
      case KEEP -> plain;
      case COLLAPSE -> collapsed(plain, true);
      case SINGLE_LINE -> collapsed(plain, false);
    };
  }

  private static String collapsed(String text, boolean keepLines) {
    StringBuilder out = new StringBuilder(text.length());
    boolean gap = false;
    boolean lineEnd = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (Character.isWhitespace(c) || Character.isSpaceChar(c) || Character.isISOControl(c)) {
        gap = true;
        lineEnd |= c == '\n' || c == '\r' || c == '\u2028' || c == '\u2029';
        continue;
      }
      if (gap && out.length() > 0) {
        out.append(lineEnd && keepLines ? '\n' : ' ');
      }
      gap = false;
      lineEnd = false;
      out.append(c);
    }
    return out.toString();
  }
}
