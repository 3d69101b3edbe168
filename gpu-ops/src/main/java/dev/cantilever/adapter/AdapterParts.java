package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.NormTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Makes the parts of an adapter that its settings ask for of a model. Used once. */
final class AdapterParts {

  private final Backend backend;
  private final Arena arena;
  private final String name;
  private final AdapterConfig config;
  private final AdapterTargets targets;
  private final boolean trainable;
  private final BranchedModules wanted;
  private final List<LoraTarget> whole; // inner layers
  private final List<LoraTarget> biased; // inner layers of which it has a bias of its own
  private final Optional<WeightReader> reader;

  /**
   * Takes room for reading the base, where that is needed.
   *
   * @param wanted the layers that carry branches
   * @param targets all that the model offers
   * @throws dev.cantilever.hub.CheckpointException if one of these layers is to be held whole too
   */
  AdapterParts(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      BranchedModules wanted,
      AdapterTargets targets,
      boolean trainable) {
    this.backend = backend;
    this.arena = arena;
    this.name = name;
    this.config = config;
    this.targets = targets;
    this.trainable = trainable;
    this.wanted = wanted;
    WholeModules.requireApart(name, config.modules(), wanted);
    this.whole =
        targets.linears().stream().filter(one -> config.modules().isSaved(one.path())).toList();
    this.biased = biased();
    this.reader = reader();
  }

  private Stream<LoraTarget> inner() {
    return wanted.linears().stream().filter(target -> !targets.isHead(target));
  }

  private List<LoraTarget> biased() {
    Stream<LoraTarget> candidates =
        switch (config.bias()) {
          case NONE -> Stream.empty();
          case LORA_ONLY -> inner();
          case ALL -> targets.linears().stream();
        };
    return Stream.concat(candidates, whole.stream())
        .distinct()
        .filter(target -> target.linear().weight().bias().isPresent())
        .toList();
  }

  /** For what depends on the base's numbers. */
  private Optional<WeightReader> reader() {
    if (!config.useDora() && !config.init().changesBase() && biased.isEmpty() && whole.isEmpty()) {
      return Optional.empty();
    }
    int vectors = whole.isEmpty() ? 1 : WeightAdapter.COLUMNS;
    List<LoraTarget> read = new ArrayList<>(biased);
    read.addAll(whole);
    for (LoraTarget target : wanted.linears()) {
      int rank = config.rank(target.path());
      int needed =
          config.init().changesBase()
              ? PrincipalFactors.vectors(rank, target.outFeatures(), target.inFeatures())
              : config.useDora() ? rank : 1;
      vectors = Math.max(vectors, needed);
      read.add(target);
    }
    if (config.useDora()) {
      for (EmbeddingTable table : wanted.tables()) {
        vectors = Math.max(vectors, config.rank(table.name()));
        read.add(TableBranchAdapter.asLayer(table));
      }
    }
    return Optional.of(new WeightReader(backend, arena, vectors, read));
  }

  /**
   * All of them: what stands in place of the base's first, since others are made with it.
   *
   * @throws dev.cantilever.hub.CheckpointException if they cannot act beside what others have
   *     attached
   */
  List<AdapterPart> all() {
    List<TableAdapter> tables = wholeTables();
    List<HeadAdapter> heads = wholeHeads();
    StackedAdapters.require(name, config, wanted, owned(tables, heads));
    List<AdapterPart> parts = new ArrayList<>();
    tables.forEach(own -> parts.add(keptOrRead(own, own.table())));
    parts.addAll(heads);
    for (LoraTarget target : wanted.linears()) {
      parts.add(new ModuleAdapter(backend, arena, name, config, target, reader, trainable));
    }
    for (EmbeddingTable table : wanted.tables()) {
      AdapterPart branch =
          new TableBranchAdapter(backend, arena, name, config, table, reader, trainable);
      parts.add(keptOrRead(branch, table));
    }
    for (LoraTarget target : whole) {
      parts.add(new WeightAdapter(backend, arena, name, target, reader.orElseThrow(), trainable));
    }
    for (BiasTarget target : biases()) {
      parts.add(new BiasAdapter(backend, arena, name, target, trainable));
    }
    return parts;
  }

  private AdapterPart keptOrRead(AdapterPart part, EmbeddingTable table) {
    return targets.isRead(table) ? part : new UnreadPart(part);
  }

  private List<TableAdapter> wholeTables() {
    return targets
        .allTables()
        .filter(table -> config.modules().isSaved(table.name()))
        .map(table -> TableAdapter.of(backend, arena, name, table, trainable))
        .toList();
  }

  private List<HeadAdapter> wholeHeads() {
    List<HeadAdapter> heads = new ArrayList<>();
    if (targets.trainsHeads() || !trainable) {
      for (Linear head : targets.heads()) {
        boolean branch = wanted.linears().stream().anyMatch(target -> target.linear() == head);
        HeadAdapter.of(backend, arena, name, config, head, branch, trainable).ifPresent(heads::add);
      }
    }
    return heads;
  }

  /** The modules of which the adapter has weights of its own in place of the base's. */
  private BranchedModules owned(List<TableAdapter> tables, List<HeadAdapter> heads) {
    Set<Linear> own = heads.stream().map(HeadAdapter::head).collect(Collectors.toSet());
    return new BranchedModules(
        Stream.concat(
                whole.stream(), targets.headTargets().filter(one -> own.contains(one.linear())))
            .toList(),
        tables.stream().map(TableAdapter::table).toList());
  }

  private List<BiasTarget> biases() {
    Set<String> paths = inner().map(LoraTarget::path).collect(Collectors.toSet());
    List<BiasTarget> own = new ArrayList<>();
    for (LoraTarget target : biased) {
      boolean branch = paths.contains(target.path());
      own.add(new LinearBias(target, branch, whole.contains(target), reader.orElseThrow()));
    }
    for (NormTarget norm : targets.norms()) {
      boolean held = config.modules().isSaved(norm.path());
      if (held) {
        own.add(new OwnNormScale(backend, arena, norm));
      }
      if (held || config.bias() == LoraBias.ALL) {
        norm.beta().ifPresent(b -> own.add(new OwnNormBias(backend, arena, norm, b, held)));
      }
    }
    return own;
  }
}
