package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.io.IOException;
import java.util.List;

/**
 * A tensor that a merge gives to a base which has none but its embedding there. It begins as the
 * embedding and lies behind it in the same file.
 *
 * @param embedding of the base
 * @param entry the tensor's name, with the type and the shape of the embedding
 */
record UntiedTensor(TensorEntry embedding, TensorEntry entry) {

  /** All that a merge of an adapter gives to a base. */
  static List<UntiedTensor> all(ModelDirectory base, TokenTensors tokens, AdapterDirectory adapter)
      throws IOException {
    if (SharedEmbedding.isIn(base)) {
      return SharedEmbedding.untied(base, adapter);
    }
    return base.names().stream()
        .map(base::entry)
        .filter(entry -> tokens.isTied(entry) && !tokens.isShared(entry.name()))
        .findFirst()
        .flatMap(entry -> UntiedHead.of(base, adapter, entry))
        .stream()
        .toList();
  }

  /** Of a name. */
  static UntiedTensor of(TensorEntry embedding, String name) {
    return new UntiedTensor(
        embedding,
        new TensorEntry(name, embedding.dtype(), embedding.shape(), 0, embedding.bytes()));
  }

  /** Whether this is its name; a head goes by two. */
  boolean is(String tensor) {
    return HeadNames.later(tensor).equals(HeadNames.later(entry.name()));
  }
}
