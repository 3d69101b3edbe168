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

  private final ModelDirectory base;
  private final int tokens;
  private final boolean headless; // as a model that ends with its last hidden states
  private final boolean guessed;

  /**
   * Those of a base.
   *
   * @param task what the adapted model is for
   */
  TokenTensors(ModelDirectory base, TaskType task) {
    this.base = base;
    this.tokens = base.config().intOr(SIZE, -1);
    this.guessed = task == TaskType.UNSPECIFIED && isHeadless(base.config().json().path(CLASSES));
    this.headless = task == TaskType.FEATURE_EXTRACTION || guessed;
  }

  private static boolean isHeadless(JsonNode classes) {
    boolean headless = !classes.isEmpty();
    for (JsonNode name : classes) {
      headless &= TaskType.ofClass(name.asText()) == TaskType.FEATURE_EXTRACTION;
    }
    return headless;
  }

  /**
   * Whether a matrix [V, E] is taken to be no head too for one reason alone: that the base's {@code
   * architectures} have none, while the adapter's settings do not say what it is for. If the
   * adapter was trained on a model with a head, that would be another one now.
   */
  boolean isHeadlessByGuess(TensorEntry entry) {
    return guessed && isAlone(entry);
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
    return !headless && isAlone(entry);
  }

  private boolean isAlone(TensorEntry entry) {
    return isTable(entry)
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
