package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.util.Map;
import java.util.Optional;

/**
 * The head that a merge gives to a base whose head is its embedding: an adapter that holds or
 * branches either of them does so to that one alone, as in peft, so one tensor cannot be both any
 * more. It begins as the embedding and lies behind it in the same file.
 *
 * @param embedding of the base
 * @param entry the head's name, with the type and the shape of the embedding
 */
record UntiedHead(TensorEntry embedding, TensorEntry entry) {

  private static final String WEIGHT = ".weight";
  private static final String HEAD = "lm_head.weight";

  /** Said by the base's config, and the opposite by that of the merged model. */
  static final String TIED = "tie_word_embeddings";

  /** Of GPT-NeoX, whose checkpoints have the earlier name of a head. */
  private static final String EARLIER_EMBEDDING = "embed_in.weight";

  /** Of encoder and decoder: where a head is stored, the config cannot say how it is scaled. */
  private static final String SHARED = "shared.weight";

  /**
   * The head, if the adapter needs one.
   *
   * @param embedding the only tensor that the base has of the size of its vocabulary
   */
  static Optional<UntiedHead> of(
      ModelDirectory base, AdapterDirectory adapter, TensorEntry embedding) {
    String name = embedding.name();
    if (!base.config().booleanOr(TIED, true)
        || name.equals(SHARED)
        || isBare(base, adapter)
        || !(changes(adapter, HEAD) || changes(adapter, name))) {
      return Optional.empty();
    }
    String head = name.endsWith(EARLIER_EMBEDDING) ? HeadNames.earlier(HEAD) : HEAD;
    return Optional.of(
        new UntiedHead(
            embedding,
            new TensorEntry(head, embedding.dtype(), embedding.shape(), 0, embedding.bytes())));
  }

  /** Whether a base stores its head, though its config calls that and the embedding one. */
  static boolean isStored(ModelDirectory base) {
    return base.config().booleanOr(TIED, true)
        && !base.contains(SHARED)
        && (base.contains(HEAD) || base.contains(HeadNames.earlier(HEAD)));
  }

  /** Whether a tensor's name is the head's, by either of two names. */
  boolean is(String tensor) {
    return HeadNames.later(tensor).equals(HEAD);
  }

  /** What the merged model has more than the base: a name, with the tensor that it lies beside. */
  Map<String, String> added() {
    return Map.of(entry.name(), embedding.name());
  }

  private static boolean changes(AdapterDirectory adapter, String tensor) {
    return adapter.saved().containsKey(tensor)
        || adapter.modules().values().stream()
            .map(LoraModule::path)
            .anyMatch(path -> tensor.equals(path + WEIGHT));
  }

  /** Whether the base is stored without the first part of its names, which a head would not fit. */
  private static boolean isBare(ModelDirectory base, AdapterDirectory adapter) {
    return adapter.modules().keySet().stream()
        .map(path -> path + WEIGHT)
        .anyMatch(name -> base.contains(name) && !base.entry(name).name().equals(name));
  }
}
