package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The embedding that the encoder, the decoder and the head of a T5 have in common, as far as they
 * are not stored apart: transformers takes what is stored, whatever the config says. An adapter
 * changes what it names alone, as in peft; the module {@code shared} itself is read by nothing
 * there, so that a branch of it acts on nothing.
 */
final class SharedEmbedding {

  private static final String SHARED = "shared.weight";

  /** What reads it, in the order in which one that is stored stands for those that are not. */
  private static final List<String> READERS =
      List.of("encoder.embed_tokens.weight", "decoder.embed_tokens.weight", UntiedHead.NAME);

  private static final String ENCODER_DECODER = "is_encoder_decoder";

  private SharedEmbedding() {}

  /** Whether a base has an encoder and a decoder. */
  static boolean isIn(ModelDirectory base) {
    return base.config().booleanOr(ENCODER_DECODER, false);
  }

  /** Whether a stored tensor of an encoder-decoder stands for one reader alone. */
  static boolean isApart(ModelDirectory base, String tensor) {
    return isIn(base) && READERS.contains(tensor);
  }

  /** Whether nothing reads a module of an encoder-decoder. */
  static boolean isUnread(ModelDirectory base, String path) {
    return isIn(base) && SHARED.equals(path + ".weight");
  }

  /** What readers need of their own, since the adapter changes them, or what stands for them. */
  static List<UntiedTensor> untied(ModelDirectory base, AdapterDirectory adapter) {
    Optional<TensorEntry> stored =
        Stream.concat(Stream.of(SHARED), READERS.stream())
            .filter(base::contains)
            .map(base::entry)
            .findFirst();
    if (!isIn(base) || stored.isEmpty()) {
      return List.of();
    }
    String origin = stored.get().name();
    boolean changed = !origin.equals(SHARED) && UntiedHead.changes(adapter, origin::equals);
    return READERS.stream()
        .filter(name -> !base.contains(name))
        .filter(name -> changed || UntiedHead.changes(adapter, name::equals))
        .map(name -> UntiedTensor.of(stored.get(), name))
        .toList();
  }
}
