package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import com.fasterxml.jackson.databind.node.DoubleNode;
import com.fasterxml.jackson.databind.node.FloatNode;
import com.fasterxml.jackson.databind.node.IntNode;
import com.fasterxml.jackson.databind.node.LongNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * A value without parts.
 *
 * @param expected what it looks like, for messages
 * @param accepts the kinds of node it may be written as
 * @param reader its value from the node's text; throws IllegalArgumentException for a wrong one
 * @param writer its canonical node
 */
record ScalarType(
    String expected,
    Predicate<JsonNode> accepts,
    Function<String, Object> reader,
    Function<Object, JsonNode> writer)
    implements ValueType {

  static final String TEXT = "text";

  /* YAML 1.1 takes 3e-4 for text, because it wants a dot and a signed exponent. People write 3e-4. */
  private static final Pattern NUMBER =
      Pattern.compile("[-+]?([0-9]+\\.?[0-9]*|\\.[0-9]+)([eE][-+]?[0-9]+)?");

  private static final Map<Class<?>, ScalarType> PLAIN =
      Map.of(
          int.class,
              new ScalarType(
                  "a whole number",
                  JsonNode::isIntegralNumber,
                  Integer::valueOf,
                  value -> IntNode.valueOf((Integer) value)),
          long.class,
              new ScalarType(
                  "a whole number",
                  JsonNode::isIntegralNumber,
                  Long::valueOf,
                  value -> LongNode.valueOf((Long) value)),
          double.class,
              new ScalarType(
                  "a number",
                  node -> node.isNumber() || node.isTextual(),
                  ScalarType::finiteDouble,
                  value -> DoubleNode.valueOf(finite((Double) value))),
          float.class,
              new ScalarType(
                  "a number",
                  node -> node.isNumber() || node.isTextual(),
                  text -> (float) finite((float) finiteDouble(text)),
                  value -> FloatNode.valueOf((float) finite((Float) value))),
          boolean.class,
              new ScalarType(
                  "true or false",
                  JsonNode::isBoolean,
                  ScalarType::bool,
                  value -> BooleanNode.valueOf((Boolean) value)),
          String.class,
              new ScalarType(TEXT, JsonNode::isTextual, text -> text, ScalarType::textNode),
          Path.class, new ScalarType("a path", JsonNode::isTextual, Path::of, ScalarType::textNode),
          ByteSize.class,
              new ScalarType(
                  "a size such as 24GiB",
                  node -> node.isTextual() || node.isIntegralNumber(),
                  ByteSize::parse,
                  ScalarType::textNode));

  /* Inside Optional and List the primitives appear as their boxes. */
  private static final Map<Class<?>, Class<?>> BOXES =
      Map.of(
          Integer.class, int.class,
          Long.class, long.class,
          Double.class, double.class,
          Float.class, float.class,
          Boolean.class, boolean.class);

  static ScalarType of(Class<?> type) {
    if (type.isEnum()) {
      return ofEnum(type);
    }
    ScalarType plain = PLAIN.get(BOXES.getOrDefault(type, type));
    if (plain == null) {
      throw new IllegalArgumentException(
          "expected a component of a spec to be a number, boolean, String, Path, ByteSize, enum,"
              + " record, List or Optional; got "
              + type.getName());
    }
    return plain;
  }

  /** The name under which users write an enum constant: {@code WEIGHT_ONLY} is weight-only. */
  static String kebab(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static ScalarType ofEnum(Class<?> type) {
    Map<String, Object> byName = new LinkedHashMap<>();
    for (Object constant : type.getEnumConstants()) {
      byName.put(kebab((Enum<?>) constant), constant);
    }
    return new ScalarType(
        "one of " + String.join(", ", byName.keySet()),
        JsonNode::isTextual,
        text -> {
          Object constant = byName.get(text);
          if (constant == null) {
            throw new IllegalArgumentException(text);
          }
          return constant;
        },
        value -> TextNode.valueOf(kebab((Enum<?>) value)));
  }

  @Override
  public Object decode(JsonNode node) {
    if (!accepts.test(node)) {
      throw MismatchException.of(expected, node);
    }
    return parse(node.asText());
  }

  @Override
  public Object parse(String text) {
    try {
      return reader.apply(text);
    } catch (IllegalArgumentException e) {
      MismatchException mismatch = MismatchException.of(expected, text);
      mismatch.initCause(e);
      throw mismatch;
    }
  }

  @Override
  public JsonNode encode(Object value) {
    return writer.apply(value);
  }

  private static JsonNode textNode(Object value) {
    return TextNode.valueOf(value.toString());
  }

  private static double finiteDouble(String text) {
    if (!NUMBER.matcher(text).matches()) {
      throw new IllegalArgumentException(text);
    }
    return finite(Double.parseDouble(text));
  }

  private static double finite(double value) {
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("expected a finite number, got " + value);
    }
    return value;
  }

  private static boolean bool(String text) {
    if (!Arrays.asList("true", "false").contains(text)) {
      throw new IllegalArgumentException(text);
    }
    return text.equals("true");
  }
}
