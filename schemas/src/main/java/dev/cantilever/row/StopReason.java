package dev.cantilever.row;

/** Why a response ended. */
public enum StopReason {
  /** The tokenizer's end-of-text token was sampled; it is kept and scored. */
  END_OF_TEXT,
  /** Another token that the settings name as a stop was sampled; it is kept and scored. */
  STOP_TOKEN,
  /** The response reached its length. */
  LENGTH
}
