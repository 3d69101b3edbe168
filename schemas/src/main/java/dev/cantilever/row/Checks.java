package dev.cantilever.row;

/** Conditions that the records of this package share, and their messages. */
final class Checks {

  private Checks() {}

  static void notNegative(String record, String field, long value) {
    if (value < 0) {
      throw new SchemaException(
          record + ": expected " + field + " of at least 0, found " + value + ". Pass an index.");
    }
  }

  static void notBlank(String record, String field, String value) {
    if (value.isBlank()) {
      throw new SchemaException(
          record + ": expected a " + field + ", found '" + value + "'. Give it a name.");
    }
  }

  static void sameLength(String record, String field, int found, String otherField, int expected) {
    if (found != expected) {
      throw new SchemaException(
          String.format(
              "%s: expected %s to have the length of %s, %d, found %d. Give one entry per token.",
              record, field, otherField, expected, found));
    }
  }
}
