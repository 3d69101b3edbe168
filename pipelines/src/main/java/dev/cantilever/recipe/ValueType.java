package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.Type;
import java.util.List;
import java.util.Optional;

/** How the values of one Java type are read from a recipe and written into one. */
sealed interface ValueType permits ScalarType, ListType, OptionalType, RecordType {

  /** What a value of this type looks like, with its article: {@code a whole number}. */
  String expected();

  /**
   * The value that a node of a recipe file stands for.
   *
   * @throws MismatchException if the node is of another kind
   */
  Object decode(JsonNode node);

  /**
   * The value that a text typed on the command line stands for.
   *
   * @throws MismatchException if the text is of another kind
   */
  Object parse(String text);

  /** The canonical node of a value: one form per value, which {@link #decode} reads back. */
  JsonNode encode(Object value);

  /** The record whose keys lie under a value of this type, if there is one. */
  default Optional<RecordType> record() {
    return Optional.empty();
  }

  /**
   * The type of a record component.
   *
   * @throws IllegalArgumentException if specs may not have such a component
   */
  static ValueType of(Type type) {
    if (type instanceof ParameterizedType generic) {
      ValueType argument = of(generic.getActualTypeArguments()[0]);
      if (generic.getRawType() == List.class) {
        return new ListType(argument);
      }
      if (generic.getRawType() == Optional.class) {
        return new OptionalType(argument);
      }
    } else if (type instanceof Class<?> plain) {
      return plain.isRecord() && plain != ByteSize.class
          ? RecordType.of(plain.asSubclass(Record.class))
          : ScalarType.of(plain);
    }
    throw new IllegalArgumentException(
        "expected a scalar, an enum, a record, a List or an Optional as component of a spec, got "
            + type
            + "; see the package's page for the list");
  }
}
