package dev.cantilever.chat.python;

import java.util.ArrayList;
import java.util.List;

/** Lines as Python's splitlines sees them. */
public final class PythonLines {

  private static final String ENDS = "\n\r\u000b\f\u001c\u001d\u001e\u0085\u2028\u2029";

  private PythonLines() {}

  /**
   * The lines of a text.
   *
   * @param text the text
   * @param isEndKept whether what ends a line stays with it
   * @return its lines
   * @throws TemplateRefusal if they are more than a list may have
   */
  public static List<Object> of(String text, boolean isEndKept) {
    List<Object> lines = new ArrayList<>();
    int begin = 0;
    for (int i = 0; i < text.length(); i++) {
      if (ENDS.indexOf(text.charAt(i)) >= 0) {
        int end = i;
        if (text.startsWith("\r\n", i)) {
          i++;
        }
        lines.add(text.substring(begin, isEndKept ? i + 1 : end));
        begin = i + 1;
      }
    }
    if (begin < text.length()) {
      lines.add(text.substring(begin));
    }
    return TemplateBounds.checked(lines);
  }
}
