package dev.cantilever.hub;

/** What a part of a name, itself with or without dots, says of a whole one. */
final class ModulePath {

  private ModulePath() {}

  /** Whether a path is a name, or ends with it from a dot on. */
  static boolean endsWith(String path, String name) {
    return path.equals(name) || path.endsWith("." + name);
  }

  /** Whether a path has a name anywhere in it, from a dot or the beginning to a dot or the end. */
  static boolean contains(String path, String name) {
    return ("." + path + ".").contains("." + name + ".");
  }
}
