package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.LoraBranch;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/** The LoRA matrices of one adapter on the device, attached to a model's linear layers. */
public final class Adapter {

  private final Backend backend;
  private final String name;
  private final AdapterConfig config;
  private final Map<LoraTarget, LoraBranch> branches = new LinkedHashMap<>();

  private Adapter(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      List<LoraTarget> targets,
      boolean trainable) {
    this.backend = backend;
    this.name = name;
    List<LoraTarget> wanted =
        targets.stream().filter(t -> config.targetModules().matches(t.path())).toList();
    this.config =
        config.withFanInFanOut(wanted.stream().anyMatch(target -> target.storage().transposed()));
    try {
      attach(arena, wanted, trainable);
    } catch (RuntimeException e) { // out of budget half way: the model is as it was
      detach();
      throw e;
    }
    if (branches.isEmpty()) {
      throw new CheckpointException(
          "Adapter '%s': expected target_modules to match a linear layer, but %s matches none of %s."
                  .formatted(
                      name,
                      config.targetModules(),
                      targets.stream().limit(8).map(LoraTarget::path).toList())
              + " Name modules of this model.");
    }
  }

  private void attach(Arena arena, List<LoraTarget> wanted, boolean trainable) {
    for (LoraTarget target : wanted) {
      LoraModule module = module(target);
      LoraBranch branch =
          new LoraBranch(
              name,
              Parameter.in(arena, module.nameA(), Shape.of(config.r(), target.inFeatures())),
              Parameter.in(arena, module.nameB(), Shape.of(target.outFeatures(), config.r())),
              target.column(),
              (float) config.scale(),
              (float) config.loraDropout(),
              trainable);
      target.linear().attach(branch);
      branches.put(target, branch);
    }
  }

  private static LoraModule module(LoraTarget target) {
    return new LoraModule(target.path(), target.inFeatures(), target.outFeatures());
  }

  /**
   * Makes a new adapter and attaches it: A from U(−1/√I, 1/√I), which is peft's Kaiming uniform
   * with a = √5, and B zero.
   *
   * @param arena where matrices and gradients live
   * @param name under which spans name it
   * @param targets all linear layers the model offers
   * @param seed of A; each module draws its own stream
   */
  public static Adapter fresh(
      Backend backend,
      Arena arena,
      String name,
      AdapterConfig config,
      List<LoraTarget> targets,
      long seed) {
    Adapter adapter = new Adapter(backend, arena, name, config, targets, true);
    adapter.branches.forEach(
        (target, branch) -> {
          Tensor a = branch.a().value();
          float[] values = new float[Math.toIntExact(a.elements())];
          SplittableRandom random = new SplittableRandom(seed * 31 + target.path().hashCode());
          double bound = 1 / Math.sqrt(target.inFeatures());
          for (int i = 0; i < values.length; i++) {
            values[i] = (float) ((2 * random.nextDouble() - 1) * bound);
          }
          backend.transfers().upload(a, values);
          backend.transfers().zero(branch.b().value());
        });
    return adapter;
  }

  /**
   * A frozen adapter of undefined values, attached: for plans, in which no number is computed.
   *
   * @param targets all linear layers the model offers
   */
  public static Adapter planned(
      Backend backend, Arena arena, String name, AdapterConfig config, List<LoraTarget> targets) {
    return new Adapter(backend, arena, name, config, targets, false);
  }

  /**
   * Reads an adapter in PEFT layout and attaches it.
   *
   * @param trainable whether it is to be trained further, or stays frozen
   * @throws CheckpointException if a module of the adapter is not in the model, or a shape differs
   */
  public static Adapter load(
      Backend backend,
      Arena arena,
      String name,
      Path directory,
      List<LoraTarget> targets,
      boolean trainable)
      throws IOException {
    try (AdapterDirectory source = AdapterDirectory.open(directory)) {
      Map<String, LoraTarget> byPath = new LinkedHashMap<>();
      targets.forEach(target -> byPath.put(target.path(), target));
      List<LoraTarget> wanted = new ArrayList<>();
      for (LoraModule module : source.modules().values()) {
        LoraTarget target = byPath.get(module.path());
        if (target == null || !module(target).equals(module)) {
          throw new CheckpointException(
              "%s: expected modules of this model, found '%s' [%d, %d]%s. Use the base this adapter was trained on."
                  .formatted(
                      directory,
                      module.path(),
                      module.outFeatures(),
                      module.inFeatures(),
                      target == null
                          ? ", which the model does not have"
                          : " where the model has [%d, %d]"
                              .formatted(target.outFeatures(), target.inFeatures())));
        }
        wanted.add(target);
      }
      Adapter adapter = new Adapter(backend, arena, name, source.config(), wanted, trainable);
      try {
        adapter.read(source);
      } catch (IOException | RuntimeException e) {
        adapter.detach();
        throw e;
      }
      return adapter;
    }
  }

  private void read(AdapterDirectory source) throws IOException {
    for (Map.Entry<LoraTarget, LoraBranch> entry : branches.entrySet()) {
      LoraTarget target = entry.getKey();
      LoraModule module = module(target);
      backend.transfers().upload(entry.getValue().a().value(), source.readA(module));
      float[] b = target.toModel(source.readB(module));
      backend.transfers().upload(entry.getValue().b().value(), b);
    }
  }

  /** The name spans use. */
  public String name() {
    return name;
  }

  /**
   * Its settings, as they are saved. Whether the base is stored [in, out] is the model's to say, as
   * in peft, whatever the settings said.
   */
  public AdapterConfig config() {
    return config;
  }

  /** All matrices, A before B, in the order of the model's layers. */
  public List<Parameter> parameters() {
    List<Parameter> parameters = new ArrayList<>();
    for (LoraBranch branch : branches.values()) {
      parameters.add(branch.a());
      parameters.add(branch.b());
    }
    return parameters;
  }

  /** The gradients of all matrices by their names in a file, and as the file would have them. */
  public Map<String, float[]> gradients() {
    Map<String, float[]> gradients = new LinkedHashMap<>();
    branches.forEach(
        (target, branch) -> {
          gradients.put(branch.a().name(), download(branch.a().gradient()));
          gradients.put(branch.b().name(), target.toFile(download(branch.b().gradient())));
        });
    return gradients;
  }

  /** Takes the adapter off the model; its tensors stay until their arena is closed. */
  public void detach() {
    branches.keySet().forEach(target -> target.linear().detach(name));
  }

  /** Writes the adapter in PEFT layout. */
  public void save(Path directory) throws IOException {
    List<LoraModule> modules = branches.keySet().stream().map(Adapter::module).toList();
    try (AdapterWriter writer = AdapterWriter.create(directory, config, modules)) {
      for (Map.Entry<LoraTarget, LoraBranch> entry : branches.entrySet()) {
        LoraModule module = module(entry.getKey());
        writer.writeA(module, download(entry.getValue().a().value()));
        writer.writeB(module, entry.getKey().toFile(download(entry.getValue().b().value())));
      }
      writer.finish();
    }
  }

  private float[] download(Tensor tensor) {
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }
}
