package dev.cantilever.hub;

import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * A regular expression of an adapter's settings, for module paths. Python's syntax as far as Java
 * shares it; a named group is taken as a plain one. An expression that backtracks without end is
 * given up.
 */
final class ModulePattern {

  private static final int LONGEST = 10_000;

  /** Characters looked at for one path; an honest expression looks at each a few dozen times. */
  private static final int MOST_STEPS = 1_000_000;

  private final String key;
  private final String regex;
  private final Pattern pattern;

  private ModulePattern(String key, String regex, String form) {
    this.key = key;
    this.regex = regex;
    if (regex.length() > LONGEST) {
      throw wrong("one of " + regex.length() + " characters");
    }
    try {
      this.pattern = Pattern.compile(form.formatted(regex.replaceAll("\\(\\?P<\\w+>", "(")));
    } catch (PatternSyntaxException e) {
      throw new CheckpointException(message("'" + regex + "': " + e.getDescription()), e);
    } catch (StackOverflowError e) {
      throw new CheckpointException(message("one nested too deeply"), e);
    }
  }

  /** For the whole path. */
  static ModulePattern ofWhole(String key, String regex) {
    return new ModulePattern(key, regex, "(?:%s)");
  }

  /** For the path's end, from a dot on, or the whole of it. */
  static ModulePattern ofEnd(String key, String regex) {
    return new ModulePattern(key, regex, "(?:.*\\.)?(?:%s)");
  }

  /** For a module of the path: the whole of it, or what it lies in. */
  static ModulePattern ofPart(String key, String regex) {
    return new ModulePattern(key, regex, "(?:.*\\.)?%s(?:\\..*)?");
  }

  /** For what a number follows in the path, the first such; the number is the last group. */
  static ModulePattern ofLayers(String key, String regex) {
    return new ModulePattern(key, regex, "(?:.*?\\.)?%s\\.(?<idx>\\d+)\\..*");
  }

  /** For a numbered module that lies in another, whatever their names; the first such. */
  static ModulePattern ofAnyLayers() {
    return new ModulePattern("layers_pattern", "", ".*?\\.[^.]*%s\\.(?<idx>\\d+)\\..*");
  }

  boolean matches(String modulePath) {
    return matcher(modulePath).matches();
  }

  /** The number that stands behind, or −1 if there is none. */
  long number(String modulePath) {
    Matcher matcher = matcher(modulePath);
    if (!matcher.matches()) {
      return -1;
    }
    String digits = Objects.requireNonNullElse(matcher.group("idx"), ""); // an alternative without
    return digits.isEmpty() || digits.length() > 9 ? -1 : Long.parseLong(digits);
  }

  private Matcher matcher(String modulePath) {
    return pattern.matcher(new Counted(modulePath));
  }

  private CheckpointException wrong(String found) {
    return new CheckpointException(message(found));
  }

  private String message(String found) {
    return "Expected '%s' to be a regular expression, found %s. Correct it.".formatted(key, found);
  }

  /** A path that may be looked at so often. */
  private final class Counted implements CharSequence {
    private final String path;
    private int steps;

    Counted(String path) {
      this.path = path;
    }

    @Override
    public char charAt(int index) {
      if (++steps > MOST_STEPS) {
        throw wrong("'" + regex + "', which does not come to an end on '" + path + "'");
      }
      return path.charAt(index);
    }

    @Override
    public int length() {
      return path.length();
    }

    @Override
    public CharSequence subSequence(int start, int end) {
      return path.substring(start, end);
    }

    @Override
    public String toString() {
      return path;
    }
  }
}
