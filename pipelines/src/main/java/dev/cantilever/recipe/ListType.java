package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.util.ArrayList;
import java.util.List;

/** A list, which a later source replaces as a whole. */
record ListType(ValueType element) implements ValueType {

  @Override
  public String expected() {
    return "a list such as [a, b], each element " + element.expected();
  }

  @Override
  public Object decode(JsonNode node) {
    if (!node.isArray()) {
      throw MismatchException.of(expected(), node);
    }
    List<Object> values = new ArrayList<>();
    for (JsonNode item : node) {
      try {
        values.add(element.decode(item));
      } catch (MismatchException e) {
        MismatchException located =
            new MismatchException("element " + values.size() + ": " + e.getMessage());
        located.initCause(e);
        throw located;
      }
    }
    return List.copyOf(values);
  }

  @Override
  public Object parse(String text) {
    if (!text.startsWith("[")) {
      throw MismatchException.of(expected(), text);
    }
    return decode(YamlDocument.parseValue(text));
  }

  @Override
  public JsonNode encode(Object value) {
    ArrayNode array = JsonNodeFactory.instance.arrayNode();
    ((List<?>) value).forEach(item -> array.add(element.encode(item)));
    return array;
  }
}
