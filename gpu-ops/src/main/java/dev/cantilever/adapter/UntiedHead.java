package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * The head that a merge gives to a decoder whose head is its embedding: an adapter that holds or
 * branches either of them does so to that one alone, as in peft, so one tensor cannot be both any
 * more.
 */
final class UntiedHead {

  /** A head's name, as adapters have it. */
  static final String NAME = "lm_head.weight";

  private static final String WEIGHT = ".weight";

  /** Said by the base's config, and the opposite by that of the merged model. */
  private static final String TIED = "tie_word_embeddings";

  /** Of GPT-NeoX, whose checkpoints have the earlier name of a head. */
  private static final String EARLIER_EMBEDDING = "embed_in.weight";

  private UntiedHead() {}

  /**
   * The head, if the adapter needs one.
   *
   * @param embedding the only tensor that the base has of the size of its vocabulary
   */
  static Optional<UntiedTensor> of(
      ModelDirectory base, AdapterDirectory adapter, TensorEntry embedding) {
    String name = embedding.name();
    boolean changed =
        changes(adapter, NAME::equals)
            || changes(adapter, tensor -> isStoredAs(base, tensor, name));
    if (!base.config().booleanOr(TIED, true) || !changed) {
      return Optional.empty();
    }
    String head = name.endsWith(EARLIER_EMBEDDING) ? HeadNames.earlier(NAME) : NAME;
    return Optional.of(UntiedTensor.of(embedding, head));
  }

  /** Whether a decoder stores its head, though its config calls that and the embedding one. */
  static boolean isStored(ModelDirectory base) {
    return base.config().booleanOr(TIED, true)
        && !SharedEmbedding.isIn(base)
        && (base.contains(NAME) || base.contains(HeadNames.earlier(NAME)));
  }

  /** The head of {@link #isStored} and the tables that are one with it, if their contents are. */
  static List<TensorEntry> tied(ModelDirectory base, TokenTensors tokens) throws IOException {
    List<TensorEntry> tied = new ArrayList<>();
    tied.add(base.entry(base.contains(NAME) ? NAME : HeadNames.earlier(NAME)));
    for (TensorEntry entry : base.names().stream().map(base::entry).toList()) {
      String head = tied.get(0).name();
      if (tokens.isTable(entry) && !entry.name().equals(head) && base.same(head, entry.name())) {
        tied.add(entry);
      }
    }
    return tied;
  }

  /** What the merged decoder's config says: that the head is not the embedding. */
  static ModelConfig untying(ModelConfig config) {
    return config.with(TIED, false);
  }

  /** Whether an adapter branches or holds a tensor. */
  static boolean changes(AdapterDirectory adapter, Predicate<String> tensor) {
    return adapter.saved().keySet().stream().anyMatch(tensor)
        || adapter.modules().values().stream()
            .map(LoraModule::path)
            .anyMatch(path -> tensor.test(path + WEIGHT));
  }

  /** Whether the base has a tensor under a name that may lack the first part of the adapter's. */
  private static boolean isStoredAs(ModelDirectory base, String tensor, String name) {
    return base.contains(tensor) && base.entry(tensor).name().equals(name);
  }
}
