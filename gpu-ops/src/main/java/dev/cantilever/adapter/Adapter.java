package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraInit;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.EmbeddingTable;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** One adapter of a model on the device: branches, biases, and what it holds whole. */
public final class Adapter {

  private final String name;
  private final AdapterConfig config;
  private final AdapterTargets targets;
  private final List<AdapterPart> parts;

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
    this.parts =
        new AdapterParts(backend, arena, name, this.config, wanted, targets, trainable).all();
    parts.forEach(AdapterPart::attach);
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
      adapter.parts.forEach(part -> part.begin(seed));
      adapter.parametersChanged();
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
        parts.stream()
            .flatMap(part -> part.saved().keySet().stream())
            .map(SavedTensor::baseName)
            .collect(Collectors.toSet());
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
    for (AdapterPart part : parts) {
      part.read(source);
    }
    parametersChanged();
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
   * All that is trained, of what the model reads: tables and heads held whole, then A, B and DoRA's
   * lengths of each linear layer and of each table of embeddings, then linear layers held whole,
   * biases and norms. A of a table is [V, R], the transpose of what a file has.
   */
  public List<Parameter> parameters() {
    return parts.stream().flatMap(part -> part.parameters().stream()).toList();
  }

  /**
   * Takes over that parameters have changed, as by a step of an optimiser: what is held whole is
   * rounded, and with DoRA the norms of the rows are computed again. To be called before the next
   * pass.
   */
  public void parametersChanged() {
    parts.forEach(AdapterPart::parametersChanged);
  }

  /** The gradients of all parameters by their names in a file, and as the file would have them. */
  public Map<String, float[]> gradients() {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    parts.forEach(part -> part.putGradients(gradients));
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
    parts.forEach(part -> saved.putAll(part.saved()));
    List<LoraModule> branches = parts.stream().flatMap(part -> part.module().stream()).toList();
    try (AdapterWriter writer = AdapterWriter.create(directory, written, branches, saved)) {
      for (AdapterPart part : parts) {
        part.write(writer);
      }
      writer.finish();
    }
  }
}
