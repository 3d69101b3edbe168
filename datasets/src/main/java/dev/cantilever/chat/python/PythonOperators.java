package dev.cantilever.chat.python;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/** What Python's operators make of two values. */
public final class PythonOperators {

  private static final long EXACT = 1L << 53;

  private PythonOperators() {}

  /**
   * {@code +}: of two strings, two lists or two numbers; nothing becomes a string on its way.
   *
   * @param first what stands before it
   * @param second what stands behind it
   * @return the sum
   * @throws TemplateRefusal if they have none, or it is too large
   */
  public static Object sum(@Nullable Object first, @Nullable Object second) {
    if (first instanceof String a && second instanceof String b) {
      TemplateBounds.chars((double) a.length() + b.length());
      return a + b;
    }
    if (PythonValues.isList(first) && PythonValues.isList(second)
        || first instanceof PythonTuple && second instanceof PythonTuple) {
      List<@Nullable Object> items = new ArrayList<>((List<?>) first);
      items.addAll((List<?>) second);
      TemplateBounds.checked(items);
      return first instanceof PythonTuple ? new PythonTuple(items) : items;
    }
    if ((first instanceof Markup || first instanceof String)
        && (second instanceof Markup || second instanceof String)) {
      return Markup.sum(first, second);
    }
    Object one = PythonValues.number(first);
    Object other = PythonValues.number(second);
    if (one == null || other == null) {
      throw new TemplateRefusal(
          "a conversation that the chat template takes",
          "%s + %s in it, which are not both strings, lists or numbers"
              .formatted(PythonValues.kind(first), PythonValues.kind(second)),
          "Give every message the content that the template reads, mostly one string");
    }
    return one instanceof Long a && other instanceof Long b
        ? (Object) whole(() -> Math.addExact(a, b))
        : (Object) (real(one) + real(other));
  }

  /**
   * {@code ~}: both as text.
   *
   * @param first what stands before it
   * @param second what stands behind it
   * @return the text
   * @throws TemplateRefusal if it is too long
   */
  public static String joined(@Nullable Object first, @Nullable Object second) {
    String a = PythonText.printed(first);
    String b = PythonText.printed(second);
    TemplateBounds.chars((double) a.length() + b.length());
    return a + b;
  }

  /**
   * An operator of two numbers; {@code *} repeats strings and lists too.
   *
   * @param sign - * / // % or **
   * @param first what stands before it
   * @param second what stands behind it
   * @return the value
   * @throws TemplateRefusal if Python has none, or it cannot be held as Python does
   */
  public static Object computed(String sign, @Nullable Object first, @Nullable Object second) {
    Object one = PythonValues.number(first);
    Object other = PythonValues.number(second);
    if (sign.equals("*") && one instanceof Long times && other == null) {
      return repeated(second, times);
    }
    if (sign.equals("*") && other instanceof Long times && one == null) {
      return repeated(first, times);
    }
    if (sign.equals("%") && first instanceof String) {
      throw TemplateRefusal.unsupported("a string with % behind it");
    }
    if (one == null || other == null) {
      throw TemplateRefusal.failing(
          PythonValues.kind(first) + " " + sign + " " + PythonValues.kind(second));
    }
    return one instanceof Long a && other instanceof Long b
        ? ofWhole(sign, a, b)
        : ofReal(sign, real(one), real(other));
  }

  /**
   * {@code -} before a value.
   *
   * @param value the value
   * @return the number
   * @throws TemplateRefusal if the value is no number
   */
  public static Object negated(@Nullable Object value) {
    return value instanceof Double real ? (Object) (-real) : computed("-", 0L, value);
  }

  private static Object ofWhole(String sign, long a, long b) {
    if (b == 0 && !sign.equals("*") && !sign.equals("-") && !sign.equals("**")) {
      throw TemplateRefusal.failing("a division by zero");
    }
    return switch (sign) {
      case "-" -> whole(() -> Math.subtractExact(a, b));
      case "*" -> whole(() -> Math.multiplyExact(a, b));
      case "//" -> Math.floorDiv(a, b);
      case "%" -> Math.floorMod(a, b);
      case "/" -> quotient(a, b);
      default -> power(a, b);
    };
  }

  private static Object quotient(long a, long b) {
    if (Math.abs(a) > EXACT || Math.abs(b) > EXACT) {
      throw TemplateRefusal.unsupported("a quotient of numbers beyond 53 bits");
    }
    return (double) a / b;
  }

  private static Object power(long base, long exponent) {
    if (exponent < 0) {
      return ofReal("**", base, exponent);
    }
    long power = 1;
    for (long i = 0; i < exponent && (power != 0 || i == 0) && Math.abs(base) != 1; i++) {
      long factor = power;
      power = whole(() -> Math.multiplyExact(factor, base));
    }
    return base == -1 && exponent % 2 != 0 ? -1L : power;
  }

  private static Object ofReal(String sign, double a, double b) {
    if (b == 0 && List.of("/", "//", "%").contains(sign)) {
      throw TemplateRefusal.failing("a division by zero");
    }
    return switch (sign) {
      case "-" -> a - b;
      case "*" -> a * b;
      case "/" -> a / b;
      case "%" -> remainder(a, b);
      case "//" -> floored(a, b);
      default -> realPower(a, b);
    };
  }

  private static double realPower(double base, double exponent) {
    double power = Math.pow(base, exponent);
    if (Double.isNaN(power) || Double.isInfinite(power)) {
      throw TemplateRefusal.failing(base + " ** " + exponent);
    }
    return power;
  }

  /** As CPython's float_rem: of the divisor's sign. */
  private static double remainder(double a, double b) {
    double rest = a % b;
    if (rest == 0) {
      return Math.copySign(0, b);
    }
    return b < 0 == rest < 0 ? rest : rest + b;
  }

  /** As CPython's float_floor_div. */
  private static double floored(double a, double b) {
    double quotient = (a - remainder(a, b)) / b;
    if (quotient == 0) {
      return Math.copySign(0, a / b);
    }
    double floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static Object repeated(@Nullable Object value, long times) {
    double count = Math.max(0, times);
    if (value instanceof String text) {
      TemplateBounds.chars(text.length() * count);
      return text.isEmpty() ? text : text.repeat((int) count);
    }
    if (value instanceof List<?> list && !(value instanceof PythonRange)) {
      TemplateBounds.items(list.size() * count);
      List<@Nullable Object> items = new ArrayList<>();
      if (!list.isEmpty()) {
        Collections.nCopies((int) count, list).forEach(items::addAll);
      }
      return value instanceof PythonTuple ? new PythonTuple(items) : items;
    }
    throw TemplateRefusal.failing("a number * " + PythonValues.kind(value));
  }

  private static double real(Object number) {
    if (number instanceof Long whole && Math.abs(whole) > EXACT) {
      throw TemplateRefusal.unsupported("a float with a whole number beyond 53 bits");
    }
    return ((Number) number).doubleValue();
  }

  private static long whole(LongSupplier result) {
    try {
      return result.getAsLong();
    } catch (ArithmeticException e) {
      throw TemplateRefusal.unsupported("a whole number beyond 64 bits");
    }
  }
}
