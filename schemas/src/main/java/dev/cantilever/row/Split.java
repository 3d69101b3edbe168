package dev.cantilever.row;

/** Which part of a data set a row belongs to. */
public enum Split {
  /** Learned from. */
  TRAIN,
  /** Held out. */
  TEST
}
