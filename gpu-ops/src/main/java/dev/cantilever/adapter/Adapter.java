package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.nn.Linear;
import dev.cantilever.nn.NormTarget;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The matrices of one LoRA adapter on the device, attached to a model's linear layers. */
public final class Adapter {

  private final String name;
  private final AdapterConfig config;
  private final AdapterTargets targets;
  private final List<ModuleAdapter> modules = new ArrayList<>();
  private final List<TableBranchAdapter> tableBranches = new ArrayList<>();
  private final List<WeightAdapter> weights = new ArrayList<>();
  private final List<BiasAdapter> biases = new ArrayList<>();
  private final List<TableAdapter> tables = new ArrayList<>();
  private final List<HeadAdapter> heads = new ArrayList<>();
  private final Optional<WeightReader> reader;

  /**
   * Takes room and attaches.
   *
   * @param wanted the layers that carry branches
   * @param targets all that the model offers
   */
  private Adapter(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      BranchedModules wanted,
      AdapterTargets targets,
      boolean trainable) {
    this.name = name;
    this.targets = targets;
    this.config =
        config.withFanInFanOut(
            wanted.linears().stream().anyMatch(target -> target.storage().transposed()));
    if (targets.hasAttached(name)) {
      throw new IllegalArgumentException(
          "Expected a name that no adapter of the model has yet, got '" + name + "'");
    }
    for (LoraTarget target : wanted.linears()) {
      modules.add(new ModuleAdapter(backend, arena, name, config, target, trainable));
    }
    for (EmbeddingTable table : wanted.tables()) {
      tableBranches.add(new TableBranchAdapter(backend, arena, name, config, table, trainable));
    }
    List<LoraTarget> inner =
        wanted.linears().stream().filter(target -> !targets.isHead(target)).toList();
    List<LoraTarget> whole =
        targets.linears().stream().filter(one -> config.modules().isSaved(one.path())).toList();
    for (LoraTarget target : whole) {
      weights.add(new WeightAdapter(backend, arena, name, target, trainable));
    }
    List<LoraTarget> biased = biased(inner, whole);
    reader = reader(backend, arena, biased);
    for (BiasTarget target : biases(backend, arena, inner, biased)) {
      biases.add(new BiasAdapter(backend, arena, name, target, trainable));
    }
    targets
        .allTables()
        .filter(table -> config.modules().isSaved(table.name()))
        .forEach(table -> tables.add(TableAdapter.of(backend, arena, name, table, trainable)));
    if (targets.trainsHeads() || !trainable) {
      for (Linear head : targets.heads()) {
        boolean branch = wanted.linears().stream().anyMatch(target -> target.linear() == head);
        HeadAdapter.of(backend, arena, name, config, head, branch, trainable).ifPresent(heads::add);
      }
    }
    StackedAdapters.require(name, config, wanted, owned(whole));
    modules.forEach(ModuleAdapter::attach);
    weights.forEach(WeightAdapter::attach);
    tableBranches.forEach(TableBranchAdapter::attach);
    biases.forEach(BiasAdapter::attach);
    tables.forEach(TableAdapter::attach);
    heads.forEach(HeadAdapter::attach);
  }

  /** The modules of which the adapter has weights of its own in place of the base's. */
  private BranchedModules owned(List<LoraTarget> whole) {
    Set<Linear> own = heads.stream().map(HeadAdapter::head).collect(Collectors.toSet());
    return new BranchedModules(
        Stream.concat(
                whole.stream(), targets.headTargets().filter(one -> own.contains(one.linear())))
            .toList(),
        tables.stream().map(TableAdapter::table).toList());
  }

  /** The linear layers whose biases are the adapter's own. */
  private List<LoraTarget> biased(List<LoraTarget> wanted, List<LoraTarget> whole) {
    List<LoraTarget> candidates =
        switch (config.bias()) {
          case NONE -> List.of();
          case LORA_ONLY -> wanted;
          case ALL -> targets.linears();
        };
    return Stream.concat(candidates.stream(), whole.stream())
        .distinct()
        .filter(target -> target.linear().weight().bias().isPresent())
        .toList();
  }

  private List<BiasTarget> biases(
      Backend backend, Arena arena, List<LoraTarget> wanted, List<LoraTarget> biased) {
    Set<String> paths = wanted.stream().map(LoraTarget::path).collect(Collectors.toSet());
    List<BiasTarget> own = new ArrayList<>();
    for (LoraTarget target : biased) {
      own.add(
          new LinearBias(
              target,
              paths.contains(target.path()),
              config.modules().isSaved(target.path()),
              layer -> reader.orElseThrow().bias(layer, layer.linear().weight())));
    }
    for (NormTarget norm : targets.norms()) {
      boolean whole = config.modules().isSaved(norm.path());
      if (whole) {
        own.add(new OwnNormScale(backend, arena, norm));
      }
      if (whole || config.bias() == LoraBias.ALL) {
        norm.beta().ifPresent(b -> own.add(new OwnNormBias(backend, arena, norm, b, whole)));
      }
    }
    return own;
  }

  /** For what depends on the base's numbers. */
  private Optional<WeightReader> reader(Backend backend, Arena arena, List<LoraTarget> biased) {
    if (!config.useDora()
        && !config.init().changesBase()
        && biased.isEmpty()
        && weights.isEmpty()) {
      return Optional.empty();
    }
    int vectors = weights.isEmpty() ? 1 : WeightAdapter.COLUMNS;
    List<LoraTarget> read = new ArrayList<>(biased);
    weights.forEach(weight -> read.add(weight.target()));
    for (ModuleAdapter module : modules) {
      LoraTarget target = module.target();
      int rank = config.rank(target.path());
      int needed =
          config.init().changesBase()
              ? PrincipalFactors.vectors(rank, target.outFeatures(), target.inFeatures())
              : config.useDora() ? rank : 1;
      vectors = Math.max(vectors, needed);
      read.add(target);
    }
    if (config.useDora()) {
      for (TableBranchAdapter table : tableBranches) {
        vectors = Math.max(vectors, config.rank(table.table().name()));
        read.add(TableBranchAdapter.asLayer(table.table()));
      }
    }
    return Optional.of(new WeightReader(backend, arena, vectors, read));
  }

  /**
   * Makes a new adapter and attaches it. By default A is from U(−1/√I, 1/√I), which is peft's
   * Kaiming uniform with a = √5, and B zero.
   *
   * @param arena where matrices and gradients live
   * @param name under which spans name it
   * @param targets all that the model offers
   * @param seed of A; each module draws its own stream
   * @throws CheckpointException if the settings ask for what a fresh adapter cannot have
   */
  public static Adapter fresh(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      AdapterTargets targets,
      long seed) {
    requireTrainable(name, config, targets);
    Adapter adapter =
        new Adapter(
            backend, arena, name, config, BranchedModules.of(name, config, targets), targets, true);
    try {
      adapter.wholes().forEach(OwnTensor::begin); // whose biases lengths are made with
      adapter.modules.forEach(module -> module.draw(seed, adapter.reader));
      adapter.tableBranches.forEach(branch -> branch.draw(seed, adapter.reader));
    } catch (RuntimeException e) {
      adapter.detach();
      throw e;
    }
    return adapter;
  }

  private static void requireTrainable(String name, AdapterConfig config, AdapterTargets targets) {
    WholeModules.require(name, config.modules(), targets);
    LoraInit.Scheme scheme = config.init().scheme();
    if (scheme == LoraInit.Scheme.EVA || scheme == LoraInit.Scheme.ORTHOGONAL) {
      throw new CheckpointException(
          "Adapter '%s': expected 'init_lora_weights' true, false, gaussian, pissa or olora of a new adapter, found %s. Such an adapter can be read only."
              .formatted(name, config.init().text()));
    }
  }

  /**
   * A frozen adapter of undefined values, attached: for plans, in which no number is computed.
   *
   * @param targets all that the model offers
   */
  public static Adapter planned(
      Backend backend, Arena arena, String name, AdapterConfig config, AdapterTargets targets) {
    BranchedModules wanted = BranchedModules.planned(name, config, targets);
    return new Adapter(backend, arena, name, config, wanted, targets, false);
  }

  /**
   * Reads an adapter in PEFT layout and attaches it.
   *
   * @param trainable whether it is to be trained further, or stays frozen
   * @throws CheckpointException if a module of the adapter is not in the model, a shape differs, or
   *     the adapter holds whole what cannot be replaced in a model that others share
   */
  public static Adapter load(
      Backend backend,
      Arena arena,
      String name,
      Path directory,
      AdapterTargets targets,
      boolean trainable)
      throws IOException {
    try (AdapterDirectory source = AdapterDirectory.open(directory)) {
      BaseCopies.requireSame(backend, source, targets);
      BranchedModules wanted = BranchedModules.in(source, targets);
      Adapter adapter =
          new Adapter(backend, arena, name, source.config(), wanted, targets, trainable);
      try {
        adapter.read(source);
        if (trainable) {
          adapter.requireParameters(source);
        }
      } catch (IOException | RuntimeException e) {
        adapter.detach();
        throw e;
      }
      return adapter;
    }
  }

  private void read(AdapterDirectory source) throws IOException {
    Set<String> own =
        biases.stream().map(bias -> bias.tensor().baseName()).collect(Collectors.toSet());
    weights.forEach(weight -> own.add(weight.saved().baseName()));
    wholes().forEach(whole -> own.add(whole.saved().baseName()));
    for (SavedTensor tensor : source.saved().values()) {
      if (!own.contains(tensor.baseName())) {
        throw new CheckpointException(
            "%s: expected an adapter of what this model offers to adapters, found '%s', held whole because of %s. It cannot be replaced in a base that is shared: merge the adapter into its base (cantilever merge)."
                .formatted(
                    source.file().path(),
                    tensor.baseName(),
                    tensor.bias() ? "'bias'" : "'modules_to_save'"));
      }
    }
    for (OwnTensor whole : wholes().toList()) {
      whole.read(source);
    }
    for (ModuleAdapter module : modules) {
      module.read(source, reader);
    }
    for (TableBranchAdapter branch : tableBranches) {
      branch.read(source, reader);
    }
    for (WeightAdapter weight : weights) {
      weight.read(source, reader.orElseThrow());
    }
    for (BiasAdapter bias : biases) {
      bias.read(source);
    }
  }

  private void requireParameters(AdapterDirectory source) {
    if (parameters().isEmpty()) {
      throw new CheckpointException(
          "%s: expected a module that the model reads, to be trained, found only %s. Train an adapter of other modules, as %s."
              .formatted(
                  source.file().path(),
                  source.modules().keySet(),
                  targets.tables().stream()
                      .filter(targets::isRead)
                      .map(EmbeddingTable::name)
                      .toList()));
    }
  }

  private Stream<TableBranchAdapter> readBranches() {
    return tableBranches.stream().filter(branch -> targets.isRead(branch.table()));
  }

  private Stream<OwnTensor> wholes() {
    return wholes(tables.stream());
  }

  private Stream<OwnTensor> readWholes() {
    return wholes(tables.stream().filter(own -> targets.isRead(own.table())));
  }

  private Stream<OwnTensor> wholes(Stream<TableAdapter> some) {
    return Stream.concat(some.map(TableAdapter::own), heads.stream().flatMap(HeadAdapter::tensors));
  }

  /** The name spans use. */
  public String name() {
    return name;
  }

  /**
   * Its settings. Whether the base is stored [in, out] is the model's to say, as in peft, whatever
   * the settings said.
   */
  public AdapterConfig config() {
    return config;
  }

  /**
   * All that is trained: A, B and DoRA's lengths of each linear layer, of each table of embeddings
   * that is read, then linear layers held whole, biases and norms, then heads and those tables that
   * are read. A of a table is [V, R], the transpose of what a file has.
   */
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>();
    modules.forEach(module -> parameters.addAll(module.parameters()));
    readBranches().forEach(branch -> parameters.addAll(branch.parameters()));
    weights.forEach(weight -> parameters.add(weight.parameter()));
    biases.forEach(bias -> parameters.add(bias.parameter()));
    readWholes().forEach(whole -> whole.parameter().ifPresent(parameters::add));
    return parameters;
  }

  /**
   * Takes over that parameters have changed, as by a step of an optimiser: with DoRA the norms of
   * the rows are computed again, and what is held whole is rounded. To be called before the next
   * pass.
   */
  public void parametersChanged() {
    readWholes().forEach(OwnTensor::parametersChanged);
    modules.forEach(module -> module.updateNorms(reader));
    readBranches().forEach(branch -> branch.updateNorms(reader));
  }

  /** The gradients of all parameters by their names in a file, and as the file would have them. */
  public Map<String, float[]> gradients() {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    modules.forEach(module -> module.putGradients(gradients));
    readBranches().forEach(branch -> branch.putGradients(gradients));
    weights.forEach(weight -> weight.putGradient(gradients));
    biases.forEach(bias -> bias.putGradient(gradients));
    readWholes().forEach(whole -> whole.putGradient(gradients));
    return gradients;
  }

  /** Takes the adapter off the model; its tensors stay until their arena is closed. */
  public void detach() {
    targets.detach(name);
  }

  /**
   * Writes the adapter in PEFT layout; of several that are saved together, each to {@link
   * AdapterDirectory#named its place}. One that began by taking its product off the base is written
   * as peft converts it: over the base as it is, with twice the rank.
   */
  public void save(Path directory) throws IOException {
    AdapterConfig written = config.init().changesBase() ? config.overUnchangedBase() : config;
    Map<SavedTensor, Shape> saved = new LinkedHashMap<>();
    weights.forEach(weight -> saved.put(weight.saved(), weight.shape()));
    biases.forEach(bias -> saved.put(bias.tensor(), bias.shape()));
    wholes().forEach(whole -> saved.put(whole.saved(), whole.acting().shape()));
    List<LoraModule> branches =
        Stream.concat(
                modules.stream().map(ModuleAdapter::module),
                tableBranches.stream().map(TableBranchAdapter::module))
            .toList();
    try (AdapterWriter writer = AdapterWriter.create(directory, written, branches, saved)) {
      for (ModuleAdapter module : modules) {
        module.write(writer);
      }
      for (TableBranchAdapter branch : tableBranches) {
        branch.write(writer);
      }
      for (WeightAdapter weight : weights) {
        weight.write(writer, reader.orElseThrow());
      }
      for (BiasAdapter bias : biases) {
        bias.write(writer);
      }
      for (OwnTensor whole : wholes().toList()) {
        whole.write(writer);
      }
      writer.finish();
    }
  }
}
