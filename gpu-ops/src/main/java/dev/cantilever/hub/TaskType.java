package dev.cantilever.hub;

import java.util.Map;
import java.util.regex.Pattern;

/** What an adapted model is for; peft's {@code task_type}, under peft's names. */
public enum TaskType {
  CAUSAL_LM,
  SEQ_2_SEQ_LM,
  SEQ_CLS,
  TOKEN_CLS,
  QUESTION_ANS,
  FEATURE_EXTRACTION,
  /** {@code null} in the file. */
  UNSPECIFIED;

  private static final Map<Pattern, TaskType> CLASSES =
      Map.of(
          Pattern.compile(".*(ForCausalLM|LMHeadModel)"), CAUSAL_LM,
          Pattern.compile(".*ForConditionalGeneration"), SEQ_2_SEQ_LM,
          Pattern.compile(".*ForSequenceClassification"), SEQ_CLS,
          Pattern.compile(".*ForTokenClassification"), TOKEN_CLS,
          Pattern.compile(".*ForQuestionAnswering"), QUESTION_ANS,
          Pattern.compile(".*(?<!Head|Heads)Model"), FEATURE_EXTRACTION);

  /** What a model of one of transformers' classes is for; unspecified if its name does not say. */
  public static TaskType ofClass(String name) {
    return CLASSES.entrySet().stream()
        .filter(entry -> entry.getKey().matcher(name).matches())
        .map(Map.Entry::getValue)
        .findFirst()
        .orElse(UNSPECIFIED);
  }
}
