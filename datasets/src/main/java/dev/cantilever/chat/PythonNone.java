package dev.cantilever.chat;

/** Python's {@code None}, which a template tells from what is undefined (null here). */
enum PythonNone {
  NONE
}
