package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The embedding that the encoder, the decoder and the head of a T5 have in common, as far as they
 * are not stored with other contents: transformers takes what is stored, whatever the config says.
 * An adapter changes what it names alone, as in peft; the module {@code shared} itself is read by
 * nothing there, so that a branch of it acts on nothing.
 */
final class SharedEmbedding {

  private static final String SHARED = "shared.weight";

  /** What reads it. */
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

  /**
   * The stored tensor that one of these names stands for, if the base has it under another: the
   * first that is stored.
   */
  static Optional<TensorEntry> origin(ModelDirectory base, String tensor) {
    boolean named = SHARED.equals(tensor) || READERS.contains(tensor);
    return named ? stored(base).stream().findFirst() : Optional.empty();
  }

  /** Those of an encoder-decoder that are stored. */
  private static List<TensorEntry> stored(ModelDirectory base) {
    return isIn(base)
        ? Stream.concat(Stream.of(SHARED), READERS.stream())
            .filter(base::contains)
            .map(base::entry)
            .toList()
        : List.of();
  }

  /** Those that are stored with the contents of the first. */
  static List<TensorEntry> tied(ModelDirectory base) throws IOException {
    List<TensorEntry> tied = new ArrayList<>();
    for (TensorEntry entry : stored(base)) {
      if (tied.isEmpty() || base.same(entry.name(), tied.get(0).name())) {
        tied.add(entry);
      }
    }
    return tied;
  }

  /**
   * What readers need of their own, since the adapter changes them. Where {@code shared} is not
   * stored, those that are not stored either read one that is, and which depends on the version and
   * on what else is stored: all get their own then.
   *
   * @throws CheckpointException if it is not known what one reads that would get its own
   */
  static List<UntiedTensor> untied(ModelDirectory base, AdapterDirectory adapter)
      throws IOException {
    List<TensorEntry> stored = stored(base);
    if (stored.isEmpty()) {
      return List.of();
    }
    TensorEntry origin = stored.get(0);
    boolean all =
        !origin.name().equals(SHARED)
            && READERS.stream().anyMatch(name -> UntiedHead.changes(adapter, name::equals));
    List<UntiedTensor> untied =
        READERS.stream()
            .filter(name -> !base.contains(name))
            .filter(name -> all || UntiedHead.changes(adapter, name::equals))
            .map(name -> UntiedTensor.of(origin, name))
            .toList();
    if (all && !untied.isEmpty() && tied(base).size() < stored.size()) {
      throw new CheckpointException(
          "%s: expected '%s', or tables of equal contents, because the adapter changes one of them and '%s' is not stored, found different ones, %s. Load the base by transformers and save it."
              .formatted(
                  base.path(),
                  SHARED,
                  untied.get(0).entry().name(),
                  stored.stream().map(TensorEntry::name).toList()));
    }
    return untied;
  }
}
