package dev.cantilever.hub;

/** Whether the path of a module, of names with dots between, has one of these names in it. */
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
