package dev.cantilever.chat;

import com.hubspot.jinjava.el.ext.AdditionOperator;
import com.hubspot.jinjava.el.ext.StringConcatOperator;
import java.util.Collection;
import java.util.Map;
import jinjava.de.odysseus.el.misc.BooleanOperations;
import jinjava.de.odysseus.el.misc.TypeConverter;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import org.jspecify.annotations.Nullable;

/** What Python's operators make of two values. */
final class PythonOperators {

  /** {@code +}: of two strings, two lists or two numbers; nothing becomes a string on its way. */
  static final AstBinary.Operator SUM =
      new AdditionOperator() {
        @Override
        protected Object apply(
            TypeConverter converter, @Nullable Object first, @Nullable Object second) {
          boolean alike =
              PythonText.isText(first) && PythonText.isText(second)
                  || isNumber(first) && isNumber(second)
                  || first instanceof Collection<?> && second instanceof Collection<?>;
          if (!alike) {
            throw new TemplateRefusal(
                "a conversation that the chat template takes",
                "%s + %s in it, which are not both strings, lists or numbers"
                    .formatted(kind(first), kind(second)),
                "Give every message the content that the template reads, mostly one string");
          }
          return super.apply(converter, first, second);
        }
      };

  /** {@code ~}: both as text. */
  static final AstBinary.Operator JOINED =
      new StringConcatOperator() {
        @Override
        protected Object apply(
            TypeConverter converter, @Nullable Object first, @Nullable Object second) {
          return super.apply(converter, PythonText.printed(first), PythonText.printed(second));
        }
      };

  /** {@code and}: the first of the two values if it counts as false, else the second. */
  static final AstBinary.Operator AND =
      (bindings, context, left, right) -> {
        Object first = left.eval(bindings, context);
        return bindings.convert(first, Boolean.class) ? right.eval(bindings, context) : first;
      };

  /** {@code ==}: a number is no string. */
  static final AstBinary.Operator EQUAL =
      new AstBinary.SimpleOperator() {
        @Override
        protected Object apply(
            TypeConverter converter, @Nullable Object first, @Nullable Object second) {
          return areEqual(converter, first, second);
        }
      };

  /** {@code !=}. */
  static final AstBinary.Operator UNEQUAL =
      new AstBinary.SimpleOperator() {
        @Override
        protected Object apply(
            TypeConverter converter, @Nullable Object first, @Nullable Object second) {
          return !areEqual(converter, first, second);
        }
      };

  private PythonOperators() {}

  private static boolean areEqual(
      TypeConverter converter, @Nullable Object first, @Nullable Object second) {
    boolean apart =
        PythonText.isText(first) && isNumber(second)
            || isNumber(first) && PythonText.isText(second);
    return !apart && BooleanOperations.eq(converter, first, second);
  }

  private static boolean isNumber(@Nullable Object value) {
    return value instanceof Number || value instanceof Boolean;
  }

  private static String kind(@Nullable Object value) {
    if (value == null) {
      return "nothing";
    }
    if (value instanceof Collection<?>) {
      return "a list";
    }
    if (value instanceof Map<?, ?>) {
      return "an object";
    }
    return PythonText.isText(value) ? "a string" : "a number";
  }
}
