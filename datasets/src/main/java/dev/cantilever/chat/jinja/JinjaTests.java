package dev.cantilever.chat.jinja;

import dev.cantilever.chat.python.CallArguments;
import dev.cantilever.chat.python.Generated;
import dev.cantilever.chat.python.Markup;
import dev.cantilever.chat.python.PythonCase;
import dev.cantilever.chat.python.PythonComparison;
import dev.cantilever.chat.python.PythonNone;
import dev.cantilever.chat.python.PythonOperators;
import dev.cantilever.chat.python.PythonText;
import dev.cantilever.chat.python.TemplateFunction;
import dev.cantilever.chat.python.TemplateRefusal;
import java.math.BigInteger;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Jinja's tests, behind {@code is}; those that are not here are refused where they are reached. */
final class JinjaTests {

  private JinjaTests() {}

  /**
   * Whether a test holds.
   *
   * @param name the test's
   * @param value what stands before it; null if undefined
   * @param a its arguments
   * @throws TemplateRefusal if it is not here or does not take them
   */
  static boolean holds(String name, @Nullable Object value, CallArguments a) {
    return switch (name) {
      case "divisibleby" -> remainder(value, other(a)) == 0;
      case "sameas" -> isSame(value, other(a));
      case "in" -> PythonComparison.contains(other(a), value);
      case "eq", "equalto", "==" -> PythonComparison.areEqual(value, other(a));
      case "ne", "!=" -> !PythonComparison.areEqual(value, other(a));
      case "gt", "greaterthan", ">" -> PythonComparison.order(value, other(a)) > 0;
      case "ge", ">=" -> PythonComparison.order(value, other(a)) >= 0;
      case "lt", "lessthan", "<" -> PythonComparison.order(value, other(a)) < 0;
      case "le", "<=" -> PythonComparison.order(value, other(a)) <= 0;
      default -> ofItself(name, value, a.only());
    };
  }

  private static boolean ofItself(String name, @Nullable Object value, CallArguments a) {
    return switch (name) {
      case "defined" -> value != null;
      case "undefined" -> value == null;
      case "none" -> value == PythonNone.NONE;
      case "boolean" -> value instanceof Boolean;
      case "true" -> Boolean.TRUE.equals(value);
      case "false" -> Boolean.FALSE.equals(value);
      case "integer" -> value instanceof Long || value instanceof BigInteger;
      case "float" -> value instanceof Double;
      case "number" -> value instanceof Number || value instanceof Boolean;
      case "string" -> value != null && isEmptyOrText(value);
      case "mapping" -> value instanceof Map;
      case "sequence" -> isEmptyOrText(value) || value instanceof List || value instanceof Map;
      case "iterable" ->
          isEmptyOrText(value)
              || value instanceof Collection
              || value instanceof Map
              || value instanceof Generated;
      case "callable" -> value == null || value instanceof TemplateFunction;
      case "odd" -> remainder(value, 2L) == 1;
      case "even" -> remainder(value, 2L) == 0;
      case "lower" -> PythonCase.isLower(PythonText.printed(value));
      case "upper" -> PythonCase.isUpper(PythonText.printed(value));
      default -> throw TemplateRefusal.unsupported(a.callee());
    };
  }

  /** An undefined value is an empty sequence in Jinja. */
  private static boolean isEmptyOrText(@Nullable Object value) {
    return value == null || value instanceof String || value instanceof Markup;
  }

  private static @Nullable Object other(CallArguments a) {
    a.only("other");
    if (!a.has(0, "other")) {
      throw TemplateRefusal.failing(a.callee() + " without an argument");
    }
    return a.value(0, "other");
  }

  private static double remainder(@Nullable Object value, @Nullable Object divisor) {
    return ((Number) PythonOperators.computed("%", value, divisor)).doubleValue();
  }

  private static boolean isSame(@Nullable Object value, @Nullable Object other) {
    boolean isOne = value == null || value == PythonNone.NONE || value instanceof Boolean;
    boolean isOtherOne = other == null || other == PythonNone.NONE || other instanceof Boolean;
    if (!isOne && !isOtherOne) {
      throw TemplateRefusal.unsupported("sameas of other values than none, true and false");
    }
    return isOne && isOtherOne && value != null && value.equals(other);
  }
}
