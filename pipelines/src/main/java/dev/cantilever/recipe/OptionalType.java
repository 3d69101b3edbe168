package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.NullNode;
import java.util.Optional;

/** A value that may be absent, which is written as null so that a later source can take it away. */
record OptionalType(ValueType inner) implements ValueType {

  @Override
  public String expected() {
    return inner.expected() + ", or null";
  }

  @Override
  public Object decode(JsonNode node) {
    return node.isNull() ? Optional.empty() : Optional.of(inner.decode(node));
  }

  @Override
  public Object parse(String text) {
    return text.equals("null") ? Optional.empty() : Optional.of(inner.parse(text));
  }

  @Override
  public JsonNode encode(Object value) {
    Optional<?> optional = (Optional<?>) value;
    return optional.isPresent() ? inner.encode(optional.get()) : NullNode.getInstance();
  }

  @Override
  public Optional<RecordType> record() {
    return inner.record();
  }
}
