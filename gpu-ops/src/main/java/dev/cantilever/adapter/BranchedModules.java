package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.TargetModules;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.NormTarget;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The layers of a model that carry an adapter's branches.
 *
 * @param linears linear layers, heads among them, in the model's order
 * @param tables tables of embeddings
 */
record BranchedModules(List<LoraTarget> linears, List<EmbeddingTable> tables) {

  BranchedModules {
    linears = List.copyOf(linears);
    tables = List.copyOf(tables);
  }

  /**
   * Those that settings ask for.
   *
   * @param adapter its name, for messages
   * @throws CheckpointException if there are none, or target_modules names a norm or what is frozen
   */
  static BranchedModules of(String adapter, AdapterConfig config, AdapterTargets targets) {
    requireOffered(adapter, config, targets, targets.frozen());
    return matching(adapter, config, targets);
  }

  /**
   * Those that the file of an adapter of these settings has matrices for: as {@link #of}, and
   * tables that nothing reads too, which {@link #in} takes.
   */
  static BranchedModules planned(String adapter, AdapterConfig config, AdapterTargets targets) {
    List<String> tables = targets.tables().stream().map(EmbeddingTable::name).toList();
    List<String> refused =
        targets.frozen().stream().filter(path -> !tables.contains(path)).toList();
    requireOffered(adapter, config, targets, refused);
    return matching(adapter, config, targets);
  }

  private static BranchedModules matching(
      String adapter, AdapterConfig config, AdapterTargets targets) {
    BranchedModules found =
        new BranchedModules(
            Stream.concat(
                    targets.linears().stream().filter(one -> config.modules().matches(one.path())),
                    targets.headTargets().filter(one -> config.modules().names(one.path())))
                .toList(),
            targets.tables().stream().filter(one -> config.modules().names(one.name())).toList());
    if (found.linears().isEmpty() && found.tables().isEmpty()) {
      throw new CheckpointException(
          "Adapter '%s': expected target_modules to match a layer, but %s matches none of %s. Name modules of this model."
              .formatted(
                  adapter,
                  config.modules().targets(),
                  targets.linears().stream().limit(8).map(LoraTarget::path).toList()));
    }
    return found;
  }

  private static void requireOffered(
      String adapter, AdapterConfig config, AdapterTargets targets, List<String> refused) {
    if (config.modules().targets() instanceof TargetModules.AllLinear) {
      return;
    }
    Optional<String> frozen =
        Stream.concat(refused.stream(), targets.wholeTables().stream().map(EmbeddingTable::name))
            .filter(config.modules()::matches)
            .findFirst();
    if (frozen.isPresent()) {
      throw new CheckpointException(
          "Adapter '%s': expected target_modules to name linear layers and embeddings, which are %s, found '%s', which carries no branch here, among %s. Leave it out."
              .formatted(
                  adapter,
                  targets.tables().stream()
                      .filter(targets::isRead)
                      .map(EmbeddingTable::name)
                      .toList(),
                  frozen.get(),
                  config.modules().targets()));
    }
    Optional<String> norm =
        targets.norms().stream()
            .map(NormTarget::path)
            .filter(config.modules()::matches)
            .findFirst();
    if (norm.isPresent()) {
      throw new CheckpointException(
          "Adapter '%s': expected target_modules to name linear layers and embeddings, found '%s', a norm, among %s. Name it in modules_to_save, or leave it out."
              .formatted(adapter, norm.get(), config.modules().targets()));
    }
  }

  /**
   * Those that a file has matrices for.
   *
   * @throws CheckpointException if the model lacks one of them, or has it in another size
   */
  static BranchedModules in(AdapterDirectory source, AdapterTargets targets) {
    Map<String, LoraTarget> linears = new LinkedHashMap<>();
    Map<String, EmbeddingTable> tables = new LinkedHashMap<>();
    Map<String, LoraModule> modules = new LinkedHashMap<>();
    Stream.concat(targets.linears().stream(), targets.headTargets())
        .forEach(
            target -> {
              linears.put(target.path(), target);
              modules.put(target.path(), ModuleAdapter.module(target));
            });
    for (EmbeddingTable table : targets.tables()) {
      tables.put(table.name(), table);
      modules.put(table.name(), TableBranchAdapter.module(table));
    }
    List<LoraTarget> wanted = new ArrayList<>();
    List<EmbeddingTable> wantedTables = new ArrayList<>();
    for (LoraModule module : source.modules().values()) {
      LoraModule own = modules.get(module.path());
      if (own == null || !own.equals(module)) {
        throw new CheckpointException(
            "%s: expected modules of this model, found '%s' [%d, %d]%s. Use the base this adapter was trained on."
                .formatted(
                    source.file().path(),
                    module.path(),
                    module.outFeatures(),
                    module.inFeatures(),
                    own == null
                        ? ", which the model does not have as one that can carry a branch"
                        : " where the model has [%d, %d]"
                            .formatted(own.outFeatures(), own.inFeatures())));
      }
      Optional.ofNullable(linears.get(module.path())).ifPresent(wanted::add);
      Optional.ofNullable(tables.get(module.path())).ifPresent(wantedTables::add);
    }
    return new BranchedModules(wanted, wantedTables);
  }
}
