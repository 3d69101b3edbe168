package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A LoRA adapter in peft's layout: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}. Opening checks that A and B come in pairs of the rank the config says
 * and that every module is one the config targets. {@link AdapterWriter} writes one.
 */
public final class AdapterDirectory implements AutoCloseable {

  static final String WEIGHTS = "adapter_model.safetensors";

  private final AdapterConfig config;
  private final SafetensorsFile file;
  private final TreeMap<String, LoraModule> modules;

  private AdapterDirectory(
      AdapterConfig config, SafetensorsFile file, TreeMap<String, LoraModule> modules) {
    this.config = config;
    this.file = file;
    this.modules = modules;
  }

  /**
   * Opens a directory.
   *
   * @throws CheckpointException if something is missing, damaged, unsupported, or does not agree
   */
  public static AdapterDirectory open(Path path) throws IOException {
    AdapterConfig config = AdapterConfig.read(path);
    if (!Files.exists(path.resolve(WEIGHTS)) && Files.exists(path.resolve("adapter_model.bin"))) {
      throw new CheckpointException(
          "%s: expected %s, found only adapter_model.bin. Pickle can run code and is never read:"
                  .formatted(path, WEIGHTS)
              + " convert it with peft's save_pretrained.");
    }
    SafetensorsFile file = SafetensorsFile.open(path.resolve(WEIGHTS));
    try {
      return new AdapterDirectory(config, file, pairs(config, file));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /** The adapter's settings. */
  public AdapterConfig config() {
    return config;
  }

  /** The modules that carry a branch, by path, sorted. */
  public SortedMap<String, LoraModule> modules() {
    return Collections.unmodifiableSortedMap(modules);
  }

  /** The file of the weights, under {@link LoraModule#nameA} and {@link LoraModule#nameB}. */
  public SafetensorsFile file() {
    return file;
  }

  /** A of a module, {@code [r, in]} row-major. */
  public float[] readA(LoraModule module) throws IOException {
    return file.readFloats(module.nameA());
  }

  /** B of a module, {@code [out, r]} row-major. */
  public float[] readB(LoraModule module) throws IOException {
    return file.readFloats(module.nameB());
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private static TreeMap<String, LoraModule> pairs(AdapterConfig config, SafetensorsFile file) {
    TreeMap<String, LoraModule> modules = new TreeMap<>();
    for (TensorEntry entry : file.entries()) {
      String pathA = LoraModule.pathOf(entry.name(), LoraModule.SUFFIX_A);
      String path = pathA.isEmpty() ? LoraModule.pathOf(entry.name(), LoraModule.SUFFIX_B) : pathA;
      if (path.isEmpty()) {
        throw new CheckpointException(
            "%s: expected tensors base_model.model.<module>.lora_A.weight and lora_B.weight, found"
                    .formatted(file.path())
                + " '%s'. Train the adapter on linear layers only.".formatted(entry.name()));
      }
      if (!config.targetModules().matches(path)) {
        throw new CheckpointException(
            "%s: expected only modules that target_modules %s matches, found '%s'. Check that"
                    .formatted(file.path(), config.targetModules(), path)
                + " config and weights belong together.");
      }
      modules.computeIfAbsent(path, p -> pair(config, file, p));
    }
    if (modules.isEmpty()) {
      throw new CheckpointException(
          "%s: expected the weights of at least one module, found none. Check the adapter."
              .formatted(file.path()));
    }
    return modules;
  }

  private static LoraModule pair(AdapterConfig config, SafetensorsFile file, String path) {
    LoraModule names = new LoraModule(path, 1, 1);
    TensorEntry a = half(config, file, names.nameA(), 0, "[%d, in]");
    TensorEntry b = half(config, file, names.nameB(), 1, "[out, %d]");
    return new LoraModule(path, a.shape().dim(1), b.shape().dim(0));
  }

  private static TensorEntry half(
      AdapterConfig config, SafetensorsFile file, String name, int rankAxis, String form) {
    TensorEntry entry = file.entry(name);
    boolean fits =
        entry.shape().rank() == 2
            && entry.shape().dim(rankAxis) == config.r()
            && entry.shape().elements() > 0
            && entry.dtype().isFloatingPoint();
    if (!fits) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to be floating-point %s because r is %d, found %s %s. Check"
                  .formatted(
                      file.path(),
                      name,
                      form.formatted(config.r()),
                      config.r(),
                      entry.dtype(),
                      entry.shape())
              + " that config and weights belong together.");
    }
    return entry;
  }
}
