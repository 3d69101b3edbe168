package dev.cantilever.chat;

import java.util.Set;
import java.util.TreeSet;
import java.util.function.UnaryOperator;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings what stands in a tag into the form that jinjava parses as Jinja would: slices with a step
 * become a method call, the value of a named argument gets brackets, and what is printed goes
 * through {@link PythonText}. Collects the filters that are named.
 */
final class ExpressionDialect {

  /** The method that stands for a slice with a step. */
  static final String SLICE_METHOD = "slice_with_step";

  /** The function around every expression that prints. */
  static final String PRINT = "printed_as_in_python";

  private static final String PART = "([^\\[\\]{}:,'\"]*)";
  private static final Pattern SLICE =
      Pattern.compile("\\[" + PART + ":" + PART + ":" + PART + "\\]");
  private static final Pattern FILTER = Pattern.compile("\\|\\s*([A-Za-z_]\\w*)");
  private static final Pattern NAMED = Pattern.compile("\\G\\s*[A-Za-z_]\\w*\\s*=(?!=)\\s*");
  private static final Pattern SIMPLE = Pattern.compile("-?[\\w.]+");

  /* Either two backslashes, which stay, or a character by its number. */
  private static final Pattern ESCAPE =
      Pattern.compile("\\\\\\\\|\\\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2}))");

  private final Set<String> filters = new TreeSet<>();

  /** Names of filters in what was rewritten. */
  Set<String> filters() {
    return filters;
  }

  /** The code of a block tag. */
  String block(String code) {
    String rewritten = expression(code);
    return code.startsWith("macro") ? rewritten : withBrackets(rewritten);
  }

  /** The code of a tag that prints. */
  String printed(String code) {
    return PRINT + "(" + withBrackets(expression(code)) + ")";
  }

  private String expression(String code) {
    return outsideStrings(
        code,
        part -> {
          FILTER.matcher(part).results().forEach(filter -> filters.add(filter.group(1)));
          return SLICE
              .matcher(part.replace("}}", "} }"))
              .replaceAll(
                  slice ->
                      Matcher.quoteReplacement(
                          "."
                              + SLICE_METHOD
                              + "("
                              + argument(slice.group(1))
                              + ", "
                              + argument(slice.group(2))
                              + ", "
                              + argument(slice.group(3))
                              + ")"));
        });
  }

  private static String argument(String part) {
    return part.isBlank() ? "null" : part.strip();
  }

  private static String outsideStrings(String code, UnaryOperator<String> change) {
    StringBuilder text = new StringBuilder();
    int done = 0;
    int i = 0;
    while (i < code.length()) {
      if (isQuote(code.charAt(i))) {
        int behind = TopLevel.endOfString(code, i);
        text.append(change.apply(code.substring(done, i)));
        text.append(
            ESCAPE.matcher(code.substring(i, behind)).replaceAll(ExpressionDialect::character));
        done = behind;
        i = behind;
      } else {
        i++;
      }
    }
    return text.append(change.apply(code.substring(done))).toString();
  }

  /**
   * {@code f(a=b - 1)} as {@code f(a=(b - 1))}: jinjava would take the name's value for b alone.
   */
  private static String withBrackets(String code) {
    StringBuilder text = new StringBuilder();
    int i = 0;
    boolean argumentBegins = false;
    while (i < code.length()) {
      char c = code.charAt(i);
      if (isQuote(c)) {
        int behind = TopLevel.endOfString(code, i);
        text.append(code, i, behind);
        i = behind;
        argumentBegins = false;
        continue;
      }
      Matcher named = NAMED.matcher(code).region(i, code.length());
      if (argumentBegins && named.find()) {
        int end = endOfArgument(code, named.end());
        String value = withBrackets(code.substring(named.end(), end).strip());
        text.append(named.group());
        text.append(SIMPLE.matcher(value).matches() ? value : "(" + value + ")");
        i = end;
        argumentBegins = false;
        continue;
      }
      text.append(c);
      argumentBegins = c == '(' || c == ',';
      i++;
    }
    return text.toString();
  }

  /** Where an argument ends: at a comma or bracket of its own level. */
  private static int endOfArgument(String code, int begin) {
    int depth = 0;
    int i = begin;
    while (i < code.length()) {
      char c = code.charAt(i);
      if (isQuote(c)) {
        i = TopLevel.endOfString(code, i);
        continue;
      }
      if ("([{".indexOf(c) >= 0) {
        depth++;
      } else if (")]}".indexOf(c) >= 0) {
        depth--;
      }
      if (depth < 0 || depth == 0 && c == ',') {
        return i;
      }
      i++;
    }
    return i;
  }

  /** A character by its number, which jinjava's strings do not have. */
  private static String character(MatchResult escape) {
    String digits = escape.group(1) == null ? escape.group(2) : escape.group(1);
    return Matcher.quoteReplacement(
        digits == null ? escape.group() : String.valueOf((char) Integer.parseInt(digits, 16)));
  }

  private static boolean isQuote(char c) {
    return c == '\'' || c == '"';
  }
}
