package dev.cantilever.adapter;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TaskType;
import dev.cantilever.hub.TensorEntry;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Which tensors of a base have a row a token. */
final class TokenTensors {

  private static final String SIZE = "vocab_size";
  private static final String CLASSES = "architectures";

  /** Heads of classifiers, which have no head of the size of the vocabulary. */
  private static final Pattern CLASSIFIER = Pattern.compile("(score|classifier)\\..*");

  /** What is of no token each, whatever its size: within blocks, of positions, beside them. */
  private static final Pattern NO_TABLE =
      Pattern.compile(".*\\.\\d+\\..*|.*(wpe|position|project).*");

  /** Of transformers' models that end with their last hidden states. */
  private static final Pattern HEADLESS = Pattern.compile(".*(?<!Head|Heads)Model");

  private final ModelDirectory base;
  private final int tokens;
  private final boolean headless;

  /**
   * Those of a base.
   *
   * @param task what the adapted model is for
   */
  TokenTensors(ModelDirectory base, TaskType task) {
    this.base = base;
    this.tokens = base.config().intOr(SIZE, -1);
    this.headless =
        task == TaskType.FEATURE_EXTRACTION
            || (task == TaskType.UNSPECIFIED && isHeadless(base.config().json().path(CLASSES)));
  }

  private static boolean isHeadless(JsonNode classes) {
    boolean headless = !classes.isEmpty();
    for (JsonNode name : classes) {
      headless &= HEADLESS.matcher(name.asText()).matches();
    }
    return headless;
  }

  /** V, or -1 where the config does not say. */
  int tokens() {
    return tokens;
  }

  /** All of them: matrices [V, E], and their biases [V]. */
  Stream<TensorEntry> all() {
    return base.names().stream().map(base::entry).filter(entry -> isTable(entry) || isBias(entry));
  }

  /** Whether a tensor is a matrix [V, E]. */
  boolean isTable(TensorEntry entry) {
    return tokens > 0
        && entry.shape().rank() == 2
        && entry.shape().dim(0) == tokens
        && !NO_TABLE.matcher(entry.name()).matches();
  }

  private boolean isBias(TensorEntry entry) {
    String weight = entry.name().replaceFirst("bias$", "weight");
    return entry.shape().rank() == 1
        && entry.shape().dim(0) == tokens
        && base.names().contains(weight)
        && isTable(base.entry(weight));
  }

  /** Whether a matrix [V, E] is all that a language model has of them. */
  boolean isTied(TensorEntry entry) {
    return !headless
        && isTable(entry)
        && base.names().stream().noneMatch(name -> CLASSIFIER.matcher(name).matches())
        && base.names().stream()
            .map(base::entry)
            .noneMatch(other -> !other.name().equals(entry.name()) && isTable(other));
  }

  /** Whether a file has a tensor under another name too. */
  boolean isShared(String tensor) {
    return base.file(tensor).shared().stream()
        .anyMatch(group -> group.size() > 1 && group.contains(tensor));
  }
}
