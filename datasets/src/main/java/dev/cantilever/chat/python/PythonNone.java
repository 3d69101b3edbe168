package dev.cantilever.chat.python;

/** Python's {@code None}, which a template tells from what is undefined (null here). */
public enum PythonNone {
  /** The one value. */
  NONE
}
