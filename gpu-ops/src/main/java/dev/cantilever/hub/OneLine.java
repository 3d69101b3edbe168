package dev.cantilever.hub;

/** Makes a message that quotes a file fit to print, whatever the file says. */
final class OneLine {

  /** Enough for every name and list of ours; a hostile value may be as long as its file. */
  private static final int MOST = 4000;

  private static final int START = 3000;

  private OneLine() {}

  /** The text with control characters and separators of lines escaped, its middle cut if long. */
  static String of(String text) {
    String shown =
        text.length() <= MOST
            ? text
            : text.substring(0, START) + " ... " + text.substring(text.length() - (MOST - START));
    StringBuilder line = new StringBuilder(shown.length());
    for (int i = 0; i < shown.length(); i++) {
      char c = shown.charAt(i);
      if (Character.isISOControl(c) || c == '\u2028' || c == '\u2029') {
        line.append("\\u%04x".formatted((int) c));
      } else {
        line.append(c);
      }
    }
    return line.toString();
  }
}
