package dev.cantilever.chat.jinja;

import com.hubspot.jinjava.el.ext.ExtendedScanner;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jinjava.de.odysseus.el.tree.impl.Scanner;
import org.jspecify.annotations.Nullable;

/**
 * Jinjava's scanner of expressions with Jinja's words: no keyword of the expression language that
 * jinjava rests on, Python's numbers, and Python's escapes in strings.
 */
final class JinjaScanner extends ExtendedScanner {

  private static final Pattern NUMBER =
      Pattern.compile(
          "(?:\\d+_)*\\d+((?:\\.(?:\\d+_)*\\d+)?(?:[eE][-+]?(?:\\d+_)*\\d+)|\\.(?:\\d+_)*\\d+)?");
  private static final Pattern ESCAPE =
      Pattern.compile(
          "\\\\(?:(\\R)|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([xuUN])|(.))",
          Pattern.DOTALL);
  private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
  private static final String NAMED = "\\'\"abfnrtv";
  private static final String MEANT = "\\'\"\u0007\b\f\n\r\t\u000b";

  JinjaScanner(String input) {
    super(input);
  }

  @Override
  protected @Nullable Token keyword(String word) {
    return null;
  }

  @Override
  protected Token nextEval() throws ScanException {
    char c = getInput().charAt(getPosition());
    if (c == '.') {
      return fixed(Scanner.Symbol.DOT);
    }
    if (c == '+') {
      return fixed(Scanner.Symbol.PLUS);
    }
    Token token = super.nextEval();
    if (token.getSymbol() == Scanner.Symbol.IDENTIFIER
        && !NAME.matcher(token.getImage()).matches()
        && !token.getImage().equals(JinjaParser.PRINT)) {
      throw new ScanException(getPosition(), token.getImage(), "a name");
    }
    return token;
  }

  @Override
  protected Token nextNumber() throws ScanException {
    Matcher number = NUMBER.matcher(getInput()).region(getPosition(), getInput().length());
    if (!number.lookingAt()) {
      throw new ScanException(getPosition(), "invalid number", "number");
    }
    String digits = number.group().replace("_", "");
    boolean isWhole = number.group(1) == null;
    if (isWhole && digits.length() > 1 && digits.matches("0.*[1-9].*")) {
      throw new ScanException(getPosition(), "a zero before a number", "number");
    }
    return token(
        isWhole ? Scanner.Symbol.INTEGER : Scanner.Symbol.FLOAT, digits, number.group().length());
  }

  @Override
  protected Token nextString() throws ScanException {
    String input = getInput();
    int behind = TopLevel.endOfString(input, getPosition());
    if (behind - getPosition() < 2 || input.charAt(behind - 1) != input.charAt(getPosition())) {
      throw new ScanException(getPosition(), "unterminated string", "a quote");
    }
    String content = input.substring(getPosition() + 1, behind - 1);
    return token(Scanner.Symbol.STRING, unescaped(content), behind - getPosition());
  }

  /** As Python's unicode_escape reads it. */
  private String unescaped(String content) throws ScanException {
    StringBuilder text = new StringBuilder();
    Matcher escape = ESCAPE.matcher(content);
    int done = 0;
    while (escape.find()) {
      text.append(content, done, escape.start());
      done = escape.end();
      if (escape.group(6) != null) {
        throw new ScanException(getPosition(), "an escape \\" + escape.group(6), "\\xhh, \\uhhhh");
      }
      if (escape.group(1) == null) {
        appendEscaped(escape, text);
      }
    }
    return text.append(content, done, content.length()).toString();
  }

  private void appendEscaped(Matcher escape, StringBuilder text) throws ScanException {
    for (int digits = 2; digits <= 4; digits++) {
      if (escape.group(digits) != null) {
        int c = Integer.parseUnsignedInt(escape.group(digits), 16);
        if (!Character.isValidCodePoint(c) || Character.getType(c) == Character.SURROGATE) {
          throw new ScanException(getPosition(), escape.group(), "an escape of a character");
        }
        text.appendCodePoint(c);
        return;
      }
    }
    if (escape.group(5) != null) {
      text.appendCodePoint(Integer.parseInt(escape.group(5), 8));
      return;
    }
    int known = NAMED.indexOf(escape.group(7));
    text.append(known < 0 ? escape.group() : MEANT.charAt(known));
  }
}
