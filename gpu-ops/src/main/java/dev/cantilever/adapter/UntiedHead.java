package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;

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
  private static final String TIED = "tie_word_embeddings";

  /** Of GPT-NeoX, whose checkpoints have the earlier name of a head. */
  private static final String EARLIER_EMBEDDING = "embed_in.weight";

  /** Models that have an encoder too: T5, whose head is the stored one wherever one is stored. */
  private static final String ENCODER_DECODER = "is_encoder_decoder";

  /**
   * The head, if the adapter needs one.
   *
   * @param embedding the only tensor that the base has of the size of its vocabulary
   */
  static Optional<UntiedHead> of(
      ModelDirectory base, AdapterDirectory adapter, TensorEntry embedding) {
    String name = embedding.name();
    boolean encoderDecoder = isEncoderDecoder(base.config());
    boolean tied = encoderDecoder || base.config().booleanOr(TIED, true);
    boolean changed =
        changes(adapter, HEAD::equals)
            || (!encoderDecoder && changes(adapter, tensor -> isStoredAs(base, tensor, name)));
    if (!tied || !changed) {
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
        && !isEncoderDecoder(base.config())
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

  /**
   * What the merged model's config says: that the head is not the embedding, but in a T5's, where
   * the key says how the output is scaled.
   */
  static ModelConfig untying(ModelConfig config) {
    return isEncoderDecoder(config) ? config : config.with(TIED, false);
  }

  private static boolean isEncoderDecoder(ModelConfig config) {
    return config.booleanOr(ENCODER_DECODER, false);
  }

  private static boolean changes(AdapterDirectory adapter, Predicate<String> tensor) {
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
