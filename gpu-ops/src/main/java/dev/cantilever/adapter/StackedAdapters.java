package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.nn.EmbeddingTable;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Checks that no adapter has DoRA's lengths where another holds weights of its own: its lengths are
 * those of the base's rows, which are not what acts there.
 */
final class StackedAdapters {

  private StackedAdapters() {}

  /**
   * Checks a new one beside those that are attached.
   *
   * @param adapter its name, for messages
   * @param wanted what carries its branches
   * @param own modules of which it has weights of its own
   * @throws CheckpointException if lengths and weights meet
   */
  static void require(
      String adapter, AdapterConfig config, BranchedModules wanted, BranchedModules own) {
    if (config.useDora()) {
      heldAmong(wanted)
          .ifPresent(
              path ->
                  refuse(
                      "Adapter '%s': expected 'use_dora' on modules that no adapter under it has weights or a bias of its own of, found '%s'. Merge that adapter into the base first, or leave this module out.",
                      adapter, path));
    }
    Stream<String> lengthened =
        Stream.concat(
            own.linears().stream()
                .filter(one -> one.linear().hasLengths(one.column()))
                .map(LoraTarget::path),
            own.tables().stream().filter(EmbeddingTable::hasLengths).map(EmbeddingTable::name));
    lengthened
        .findFirst()
        .ifPresent(
            path ->
                refuse(
                    "Adapter '%s': expected weights of its own of modules that no adapter under it has 'use_dora' on, found '%s'. Merge that adapter into the base first, or leave this module out.",
                    adapter, path));
  }

  private static Optional<String> heldAmong(BranchedModules wanted) {
    return Stream.concat(
            wanted.linears().stream()
                .filter(one -> one.linear().isHeld(one.column()))
                .map(LoraTarget::path),
            wanted.tables().stream().filter(EmbeddingTable::isReplaced).map(EmbeddingTable::name))
        .findFirst();
  }

  private static void refuse(String message, String adapter, String path) {
    throw new CheckpointException(message.formatted(adapter, path));
  }
}
