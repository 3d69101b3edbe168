package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.HeadNames;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import java.io.IOException;
import java.util.List;
import java.util.stream.Stream;

/**
 * The tables and the head of a result that are one tensor in transformers' model of the base: those
 * that are stored with equal contents, though the config calls them one, and those that are not
 * stored. What peft loads into one of them, or takes off it, is in all.
 *
 * @param members none if each is a tensor of its own, or nothing hangs on it
 */
record OneTensor(List<TensorEntry> members) {

  private static final OneTensor NONE = new OneTensor(List.of());

  OneTensor {
    members = List.copyOf(members);
  }

  /**
   * That of a base. Contents are compared, and so read, if the adapter brings copies or began by
   * taking something off its base.
   */
  static OneTensor of(
      ModelDirectory base, TokenTensors tokens, AdapterDirectory adapter, List<UntiedTensor> untied)
      throws IOException {
    if (adapter.copies().isEmpty() && !adapter.config().init().changesBase()) {
      return NONE;
    }
    List<TensorEntry> stored =
        SharedEmbedding.isIn(base)
            ? SharedEmbedding.tied(base)
            : UntiedHead.isStored(base)
                ? UntiedHead.tied(base, tokens)
                : untied.stream().map(UntiedTensor::embedding).toList();
    List<TensorEntry> members =
        Stream.concat(stored.stream(), untied.stream().map(UntiedTensor::entry)).toList();
    return members.size() > 1 ? new OneTensor(members) : NONE;
  }

  /** Whether an adapter's name of a tensor is that of a member; a head goes by two. */
  boolean contains(String tensor) {
    return members.stream().anyMatch(entry -> HeadNames.later(entry.name()).equals(tensor));
  }
}
