package dev.cantilever.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * The JSON object that ends a command's output. Keys keep the order in which they are put. A number
 * that is not finite, which JSON cannot say, becomes the text {@code NaN}, {@code Infinity} or
 * {@code -Infinity}.
 */
final class JsonResult {
  private final ObjectNode object = JsonNodeFactory.instance.objectNode();

  JsonResult put(String key, String value) {
    return set(key, object.textNode(value));
  }

  JsonResult put(String key, long value) {
    return set(key, object.numberNode(value));
  }

  JsonResult put(String key, double value) {
    return set(
        key,
        Double.isFinite(value)
            ? object.numberNode(value)
            : object.textNode(Double.toString(value)));
  }

  JsonResult put(String key, boolean value) {
    return set(key, object.booleanNode(value));
  }

  JsonResult put(String key, JsonResult value) {
    return set(key, value.object.deepCopy());
  }

  /** Puts a list of texts. */
  JsonResult put(String key, List<String> values) {
    ArrayNode array = object.arrayNode();
    values.forEach(array::add);
    return set(key, array);
  }

  /** Puts a list of objects. */
  JsonResult putObjects(String key, List<JsonResult> values) {
    ArrayNode array = object.arrayNode();
    values.forEach(value -> array.add(value.object.deepCopy()));
    return set(key, array);
  }

  /** Puts {@code null}: the quantity exists, and there was nothing to measure. */
  JsonResult putNull(String key) {
    return set(key, object.nullNode());
  }

  /** The object on one line. */
  @Override
  public String toString() {
    return object.toString();
  }

  private JsonResult set(String key, JsonNode value) {
    if (object.has(key)) {
      throw new IllegalArgumentException("the JSON result already has the key " + key);
    }
    object.set(key, value);
    return this;
  }
}
