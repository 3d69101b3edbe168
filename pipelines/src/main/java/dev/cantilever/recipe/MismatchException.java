package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A value that is not of its type, seen where its place in the file is not known: whoever knows the
 * place turns it into a {@link UsageException}.
 */
final class MismatchException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final int SHOWN = 60;

  MismatchException(String message) {
    super(message);
  }

  static MismatchException of(String expected, JsonNode found) {
    String advice =
        expected.equals(ScalarType.TEXT) && found.isValueNode() && !found.isNull()
            ? "; put it in quotes"
            : "";
    return new MismatchException("expected " + expected + ", got " + describe(found) + advice);
  }

  static MismatchException of(String expected, String found) {
    return new MismatchException("expected " + expected + ", got '" + shorten(found) + "'");
  }

  private static String describe(JsonNode node) {
    return switch (node.getNodeType()) {
      case NULL, MISSING -> "nothing; remove the key to have its default";
      case ARRAY -> "the list " + shorten(node.toString());
      case OBJECT -> "the mapping " + shorten(node.toString());
      case STRING -> "'" + shorten(node.asText()) + "'";
      default -> shorten(node.asText());
    };
  }

  private static String shorten(String text) {
    return text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
  }
}
