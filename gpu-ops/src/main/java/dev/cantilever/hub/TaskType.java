package dev.cantilever.hub;

/** What an adapted model is for; peft's {@code task_type}, under peft's names. */
public enum TaskType {
  CAUSAL_LM,
  SEQ_2_SEQ_LM,
  SEQ_CLS,
  TOKEN_CLS,
  QUESTION_ANS,
  FEATURE_EXTRACTION,
  /** {@code null} in the file. */
  UNSPECIFIED
}
