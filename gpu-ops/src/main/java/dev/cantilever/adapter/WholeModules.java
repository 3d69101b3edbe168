package dev.cantilever.adapter;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModuleSelection;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.NormTarget;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** Checks what an adapter wants to hold whole, {@code modules_to_save}. */
final class WholeModules {

  /** Modules of each kind that a message names. */
  private static final int EXAMPLES = 2;

  private WholeModules() {}

  /**
   * Checks, for a new adapter, that each name stands for modules that can be trained whole.
   *
   * @param adapter its name, for messages
   * @throws CheckpointException if one stands for none, or for others too; or if another adapter
   *     holds one already, from which the new one would not begin
   */
  static void require(String adapter, ModuleSelection modules, AdapterTargets targets) {
    List<List<String>> possible =
        Stream.of(
                targets.allTables().filter(targets::isRead).map(EmbeddingTable::name),
                targets.heads().stream().filter(head -> targets.trainsHeads()).map(Linear::name),
                targets.norms().stream().map(NormTarget::path),
                targets.linears().stream().map(LoraTarget::path))
            .map(Stream::toList)
            .toList();
    for (String name : modules.saved()) {
      ModuleSelection one = modules.savingOnly(name);
      requireRead(adapter, one, name, targets);
      List<String> others = targets.frozen().stream().filter(one::isSaved).toList();
      if (!others.isEmpty() || possible.stream().flatMap(List::stream).noneMatch(one::isSaved)) {
        throw new CheckpointException(
            "Adapter '%s': expected 'modules_to_save' to name tables, heads, norms or linear layers such as %s, found '%s'%s. Other modules have no gradients here: leave it out."
                .formatted(
                    adapter,
                    possible.stream().flatMap(kind -> kind.stream().limit(EXAMPLES)).toList(),
                    name,
                    others.isEmpty() ? "" : ", which is " + others.get(0) + " too"));
      }
    }
    Stream.of(
            targets.allTables().filter(EmbeddingTable::isReplaced).map(EmbeddingTable::name),
            Stream.concat(targets.linears().stream(), targets.headTargets())
                .filter(one -> one.linear().isHeld(one.column()))
                .map(LoraTarget::path),
            targets.norms().stream().filter(NormTarget::isReplaced).map(NormTarget::path))
        .flatMap(paths -> paths)
        .filter(modules::isSaved)
        .findFirst()
        .ifPresent(
            held -> {
              throw new CheckpointException(
                  "Adapter '%s': expected 'modules_to_save' without '%s', which an adapter under it holds whole: a new one would begin from the base's. Merge that adapter into the base first."
                      .formatted(adapter, held));
            });
  }

  /**
   * Checks that no module that carries a branch is held whole too. Each says what takes the place
   * of the base's weight, and peft refuses both of one module.
   *
   * @param adapter its name, for messages
   * @param branched what carries its branches
   * @throws CheckpointException if one is
   */
  static void requireApart(String adapter, ModuleSelection modules, BranchedModules branched) {
    Stream.concat(
            branched.linears().stream().map(LoraTarget::path),
            branched.tables().stream().map(EmbeddingTable::name))
        .filter(modules::isSaved)
        .findFirst()
        .ifPresent(
            path -> {
              throw new CheckpointException(
                  "Adapter '%s': expected a module to be in 'target_modules' or, by the end of its path, in 'modules_to_save', found '%s', in both, among %s and %s. Leave it out of one."
                      .formatted(adapter, path, modules.targets(), modules.saved()));
            });
  }

  /** A table that nothing reads has no gradient, so there is nothing to train in it. */
  private static void requireRead(
      String adapter, ModuleSelection one, String name, AdapterTargets targets) {
    Predicate<EmbeddingTable> read = targets::isRead;
    if (targets.tables().stream().filter(read.negate()).anyMatch(t -> one.isSaved(t.name()))) {
      throw new CheckpointException(
          "Adapter '%s': expected 'modules_to_save' to name embeddings that the model reads, which are %s, found '%s', which nothing reads. Name those."
              .formatted(
                  adapter,
                  targets.tables().stream().filter(read).map(EmbeddingTable::name).toList(),
                  name));
    }
  }
}
