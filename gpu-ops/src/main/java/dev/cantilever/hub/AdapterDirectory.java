package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * A LoRA adapter in peft's layout: {@code adapter_config.json} and {@code
 * adapter_model.safetensors}, or where that is not there, {@code adapter_model.bin}, of which no
 * code is ever run. Opening checks that A and B come in pairs of the rank the config says and that
 * every module is one the config targets. {@link AdapterWriter} writes one.
 */
public final class AdapterDirectory implements AutoCloseable {

  /** peft's name of the adapter that lies in a directory itself and not in one below it. */
  public static final String DEFAULT_NAME = "default";

  private final AdapterConfig config;
  private final TensorFile file;
  private final AdapterTensors tensors;

  private AdapterDirectory(AdapterConfig config, TensorFile file, AdapterTensors tensors) {
    this.config = config;
    this.file = file;
    this.tensors = tensors;
  }

  /**
   * Opens a directory.
   *
   * @throws CheckpointException if something is missing, damaged, unsupported, or does not agree
   */
  public static AdapterDirectory open(Path path) throws IOException {
    AdapterConfig config = AdapterConfig.read(path);
    TensorFile file = WeightFormat.openAdapter(path);
    try {
      return new AdapterDirectory(config, file, new AdapterTensors(config, file));
    } catch (RuntimeException e) {
      file.close();
      throw e;
    }
  }

  /**
   * Names of the adapters that peft saved together: {@link #DEFAULT_NAME} for the one in the
   * directory itself, others by their directories below it; sorted.
   */
  public static List<String> names(Path path) throws IOException {
    List<String> names = new ArrayList<>();
    if (Files.isRegularFile(path.resolve(AdapterConfig.FILE))) {
      names.add(DEFAULT_NAME);
    }
    if (Files.isDirectory(path)) {
      try (Stream<Path> below = Files.list(path)) {
        below
            .filter(child -> Files.isRegularFile(child.resolve(AdapterConfig.FILE)))
            .forEach(child -> names.add(String.valueOf(child.getFileName())));
      }
    }
    Collections.sort(names);
    return names;
  }

  /**
   * Where the adapter of a name lies among those that peft saves together.
   *
   * @throws CheckpointException if the name is no name of a directory
   */
  public static Path named(Path path, String name) {
    if (name.equals(DEFAULT_NAME)) {
      return path;
    }
    if (!name.matches("[^./\\\\\\x00][^./\\\\\\x00]*")) {
      throw new CheckpointException(
          "Expected an adapter's name without dot, slash or nothing at all, found '%s'. Choose another."
              .formatted(name));
    }
    return path.resolve(name);
  }

  /** The adapter's settings. */
  public AdapterConfig config() {
    return config;
  }

  /** The modules that carry a branch, by path, sorted. */
  public SortedMap<String, LoraModule> modules() {
    return Collections.unmodifiableSortedMap(tensors.modules());
  }

  /** What the adapter holds whole, by the base's name, sorted. */
  public SortedMap<String, SavedTensor> saved() {
    return Collections.unmodifiableSortedMap(tensors.saved());
  }

  /**
   * Tables of embeddings and heads of the base, and a head's bias, whole but not trained, which
   * peft lets come along where one carries a branch or where their number of rows was changed; by
   * the base's name, sorted.
   */
  public SortedMap<String, SavedTensor> copies() {
    return Collections.unmodifiableSortedMap(tensors.copies());
  }

  /** The file of the weights, under {@link LoraModule#nameA} and {@link LoraModule#nameB}. */
  public TensorFile file() {
    return file;
  }

  /**
   * A of a module, {@code [r, in]} row-major.
   *
   * @throws CheckpointException if a value is not finite; so of the others
   */
  public float[] readA(LoraModule module) throws IOException {
    return finite(AdapterTensors.stored(file, module.nameA()));
  }

  /** B of a module, {@code [out, r]} row-major. */
  public float[] readB(LoraModule module) throws IOException {
    return finite(AdapterTensors.stored(file, module.nameB()));
  }

  /** DoRA's lengths of a module's outputs, {@code [out]}. */
  public float[] readMagnitude(LoraModule module) throws IOException {
    return finite(AdapterTensors.stored(file, module.nameMagnitude()));
  }

  /** A tensor that is held whole, row-major. */
  public float[] read(SavedTensor tensor) throws IOException {
    return finite(tensor.name());
  }

  private float[] finite(String name) throws IOException {
    float[] values = file.readFloats(name);
    for (int i = 0; i < values.length; i++) {
      if (!Float.isFinite(values[i])) {
        throw new CheckpointException(
            "%s: expected tensor '%s' to be finite, found %s at element %d. Its training went wrong, or the file is damaged: take an earlier one."
                .formatted(file.path(), name, values[i], i));
      }
    }
    return values;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
