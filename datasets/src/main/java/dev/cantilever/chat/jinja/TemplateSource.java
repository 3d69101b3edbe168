package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.PythonStrings;
import dev.cantilever.chat.python.TemplateRefusal;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A template cut into text and tags as Jinja's lexer does with {@code trim_blocks} and {@code
 * lstrip_blocks}, and put together again without white space left to control and without comments.
 * So which white space stays is decided here, by Jinja's rules, and not by jinjava's.
 */
final class TemplateSource {

  private static final Pattern RAW = Pattern.compile("\\{%([-+]?)\\s*raw\\s*(-%\\}\\s*|%\\})");
  private static final Pattern END_RAW =
      Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(-%\\}\\s*|\\+%\\}|%\\}\\n?)");

  private final String template;
  private final ExpressionDialect dialect = new ExpressionDialect();
  private final StringBuilder written = new StringBuilder();
  private int at;
  private boolean lineBegins = true;

  private TemplateSource(String template) {
    this.template = template;
  }

  /**
   * The template as jinjava is given it.
   *
   * @param template as the file has it
   * @throws TemplateRefusal if it is not in Jinja's grammar
   */
  static String rewritten(String template) {
    String unix = template.replace("\r\n", "\n").replace('\r', '\n');
    String source = unix.endsWith("\n") ? unix.substring(0, unix.length() - 1) : unix;
    TemplateSource tags = new TemplateSource(source);
    String rewritten = tags.rewritten();
    tags.dialect.end();
    return rewritten;
  }

  private String rewritten() {
    while (at < template.length()) {
      int open = nextTag();
      if (open < 0) {
        literal(at, template.length(), "", "");
        return written.toString();
      }
      text(at, open, marker(open + 2), template.charAt(open + 1) != '{');
      Matcher raw = RAW.matcher(template).region(open, template.length());
      if (raw.lookingAt()) {
        raw(raw.end());
      } else if (template.charAt(open + 1) == '#') {
        comment(open);
      } else {
        tag(open);
      }
    }
    return written.toString();
  }

  private int nextTag() {
    for (int i = at; i + 1 < template.length(); i++) {
      if (template.charAt(i) == '{' && "{%#".indexOf(template.charAt(i + 1)) >= 0) {
        return i;
      }
    }
    return -1;
  }

  private char marker(int place) {
    char c = place < template.length() ? template.charAt(place) : ' ';
    return c == '-' || c == '+' ? c : ' ';
  }

  /** Text before a tag, less what the tag takes of it. */
  private void text(int begin, int end, char marker, boolean isBlock) {
    int stop = end;
    if (marker == '-') {
      while (stop > begin && isSpace(stop - 1)) {
        stop--;
      }
    } else if (marker == ' ' && isBlock) {
      int line = template.lastIndexOf('\n', end - 1) + 1;
      int from = Math.max(line, begin);
      boolean beginsLine =
          line > begin || line == begin && lineBegins || from == begin && lineBegins;
      if (beginsLine && PythonStrings.strip(template.substring(from, end)).isEmpty()) {
        stop = from;
      }
    }
    literal(begin, stop, "", "");
  }

  /** Text as it is; braces at its end are printed, or they would make a tag with what follows. */
  private void literal(int begin, int stop, String open, String close) {
    int end = stop;
    while (end > begin && template.charAt(end - 1) == '{') {
      end--;
    }
    written.append(open).append(template, begin, end).append(close);
    if (end < stop) {
      String braces = "'" + template.substring(end, stop) + "'";
      written.append("{{ ").append(JinjaParser.PRINT).append(' ').append(braces).append(" }}");
    }
  }

  private void comment(int open) {
    int close = template.indexOf("#}", open + 2);
    if (close < 0) {
      throw TemplateRefusal.unsupported("a comment without its end");
    }
    char marker = close > open + 2 ? marker(close - 1) : ' ';
    behind(close + 2, marker, true);
  }

  private void tag(int open) {
    boolean isBlock = template.charAt(open + 1) == '%';
    int begin = open + (marker(open + 2) == ' ' ? 2 : 3);
    int close = closing(begin, isBlock ? "%}" : "}}");
    char marker = close > begin ? marker(close - 1) : ' ';
    // {{ a +}} ends without a marker, and so does the sign of a number
    boolean marked = marker == '-' || isBlock && marker == '+';
    String code = template.substring(begin, marked ? close - 1 : close).strip();
    if (isBlock) {
      written.append("{% ").append(dialect.block(code)).append(" %}");
    } else {
      written.append("{{ ").append(dialect.printed(code)).append(" }}");
    }
    behind(close + 2, marked ? marker : ' ', isBlock);
  }

  private int closing(int begin, String end) {
    int depth = 0;
    int i = begin;
    while (i < template.length()) {
      char c = template.charAt(i);
      if (depth == 0 && template.startsWith(end, i)) {
        return i;
      }
      if (c == '\'' || c == '"') {
        i = TopLevel.endOfString(template, i);
        continue;
      }
      depth += "([{".indexOf(c) >= 0 ? 1 : ")]}".indexOf(c) >= 0 ? -1 : 0;
      i++;
    }
    throw TemplateRefusal.unsupported(
        "a tag without its end: " + template.substring(begin, Math.min(begin + 40, i)));
  }

  private void raw(int begin) {
    Matcher end = END_RAW.matcher(template);
    if (!end.find(begin)) {
      throw TemplateRefusal.unsupported("raw without endraw");
    }
    int stop = end.start();
    while (end.group(1).equals("-") && stop > begin && isSpace(stop - 1)) {
      stop--;
    }
    literal(begin, stop, "{% raw %}", "{% endraw %}");
    at = end.end();
    lineBegins = template.charAt(at - 1) == '\n';
  }

  /** Goes on behind a tag, less the white space that it takes there. */
  private void behind(int end, char marker, boolean isBlock) {
    at = end;
    if (marker == '-') {
      while (at < template.length() && isSpace(at)) {
        at++;
      }
    } else if (marker == ' ' && isBlock && at < template.length() && template.charAt(at) == '\n') {
      at++;
    }
    lineBegins = template.charAt(at - 1) == '\n';
  }

  private boolean isSpace(int place) {
    return PythonStrings.isSpace(template.charAt(place));
  }
}
