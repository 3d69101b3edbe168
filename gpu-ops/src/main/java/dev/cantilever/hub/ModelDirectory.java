package dev.cantilever.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A Hugging Face model directory: {@code config.json} and the weights, in one {@code
 * model.safetensors} or in shards under {@code model.safetensors.index.json}; where neither is
 * there, in {@code pytorch_model.bin} or its shards. If several are there the first of these is the
 * model, as in transformers.
 *
 * <p>Opening checks every header, and that index and shards agree both ways, before any weight is
 * read. No code in a pickle is ever run.
 *
 * <p>A checkpoint of a bare model, without the head that makes it a language model or classifier,
 * has the same tensors without the first part of their names: {@code h.0.ln_1.weight} for {@code
 * transformer.h.0.ln_1.weight}. As in transformers, they are found by the longer name too, and some
 * by a name of other versions ({@link StoredNames}).
 */
public final class ModelDirectory implements AutoCloseable {

  private final Path path;
  private final ModelConfig config;
  private final WeightFormat format;
  private final List<TensorFile> files;
  private final NavigableMap<String, TensorFile> byName;

  private ModelDirectory(
      Path path,
      ModelConfig config,
      WeightFormat format,
      List<TensorFile> files,
      NavigableMap<String, TensorFile> byName) {
    this.path = path;
    this.config = config;
    this.format = format;
    this.files = files;
    this.byName = byName;
  }

  /**
   * Opens a directory.
   *
   * @throws CheckpointException if something is missing, damaged, or does not agree
   */
  public static ModelDirectory open(Path path) throws IOException {
    ModelConfig config = ModelConfig.read(path);
    EightBitSettings.of(config); // refuses what another tool has quantised
    WeightFormat format = WeightFormat.in(path).orElseThrow(() -> noWeights(path));
    Map<String, TensorFile> files = new LinkedHashMap<>();
    try {
      NavigableMap<String, TensorFile> byName = new TreeMap<>();
      if (Files.exists(path.resolve(format.single()))) {
        TensorFile file = format.open(path.resolve(format.single()));
        files.put(format.single(), file);
        file.entries().forEach(entry -> byName.put(entry.name(), file));
      } else {
        openShards(path, format, files, byName);
      }
      return new ModelDirectory(path, config, format, List.copyOf(files.values()), byName);
    } catch (IOException | RuntimeException e) {
      for (TensorFile file : files.values()) {
        file.close();
      }
      throw e;
    }
  }

  /** Whether a path is a directory that holds weights which {@link #open} would look at. */
  public static boolean hasWeights(Path path) {
    return WeightFormat.in(path).isPresent();
  }

  /** The directory, as given. */
  public Path path() {
    return path;
  }

  /** The model's {@code config.json}. */
  public ModelConfig config() {
    return config;
  }

  /** The names of all tensors, sorted. */
  public SortedSet<String> names() {
    return Collections.unmodifiableSortedSet(byName.navigableKeySet());
  }

  /** Whether there is a tensor of this name. Tied weights may be absent from a checkpoint. */
  public boolean contains(String name) {
    return byName.containsKey(stored(name));
  }

  /** The name in the files. */
  private String stored(String name) {
    return StoredNames.of(name).stream().filter(byName::containsKey).findFirst().orElse(name);
  }

  /**
   * The file that holds a tensor.
   *
   * @throws CheckpointException if no file does
   */
  public TensorFile file(String name) {
    TensorFile file = byName.get(stored(name));
    if (file == null) {
      throw new CheckpointException(
          "%s: expected a tensor '%s', found %d others such as %s. Check that config and weights"
                  .formatted(path, name, byName.size(), byName.keySet().stream().limit(3).toList())
              + " belong together.");
    }
    return file;
  }

  /** Where a tensor lies in {@link #file}. */
  public TensorEntry entry(String name) {
    return file(name).entry(stored(name));
  }

  /**
   * Where a tensor of an expected shape lies in {@link #file}.
   *
   * @throws CheckpointException if it is missing or has another shape
   */
  public TensorEntry entry(String name, Shape expected) {
    TensorEntry entry = entry(name);
    if (!entry.shape().equals(expected)) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, found %s. Check that config.json belongs to it."
              .formatted(file(name).path(), name, expected, entry.shape()));
    }
    return entry;
  }

  /** A whole floating-point tensor; see {@link TensorFile#readFloats}. */
  public float[] readFloats(String name) throws IOException {
    return file(name).readFloats(stored(name));
  }

  /** Whether two tensors have the same type, shape and bytes. */
  public boolean same(String name, String other) throws IOException {
    TensorFile file = file(name);
    return file.same(file.entry(stored(name)), file(other), entry(other));
  }

  /** The size of all tensors as stored. */
  public long bytes() {
    return files.stream()
        .flatMap(file -> file.entries().stream())
        .mapToLong(TensorEntry::bytes)
        .sum();
  }

  /** The weight files, in the order of their names. */
  public List<TensorFile> files() {
    return files;
  }

  /** The name that a safetensors file with the tensors of one of the {@link #files} should have. */
  public String safetensorsName(TensorFile file) {
    return WeightFormat.safetensorsName(file.path());
  }

  /**
   * Copies everything but the weights: {@code config.json}, the index if the weights are in shards,
   * with the shards' {@link #safetensorsName names}, the tokenizer's files, the generation config
   * and the like, those that are there.
   *
   * @param target an existing directory
   */
  public void copyCompanions(Path target) throws IOException {
    copyCompanions(target, Map.of());
  }

  /**
   * The same where the weight files of the target have more tensors than these.
   *
   * @param added each name with that of a tensor here, in whose file it lies and whose size it has
   */
  public void copyCompanions(Path target, Map<String, String> added) throws IOException {
    StagedFile.write(
        target.resolve(ModelConfig.FILE), Files.readAllBytes(path.resolve(ModelConfig.FILE)));
    if (!files.get(0).path().endsWith(format.single())) {
      copyIndex(target.resolve(WeightFormat.SAFETENSORS.index()), added);
    }
    CompanionFiles.copy(path, target);
  }

  private void copyIndex(Path target, Map<String, String> added) throws IOException {
    Path index = path.resolve(format.index());
    if (format == WeightFormat.SAFETENSORS && added.isEmpty()) {
      StagedFile.write(target, Files.readAllBytes(index));
      return;
    }
    ObjectNode json = JsonFile.read(index);
    ObjectNode map = json.putObject("weight_map");
    byName.forEach((name, file) -> map.put(name, safetensorsName(file)));
    added.forEach((name, beside) -> map.put(name, safetensorsName(file(beside))));
    if (!added.isEmpty() && json.path("metadata") instanceof ObjectNode metadata) {
      long more = added.values().stream().mapToLong(beside -> entry(beside).bytes()).sum();
      metadata.put("total_size", bytes() + more);
      metadata.remove("total_parameters");
    }
    JsonFile.write(target, json);
  }

  @Override
  public void close() throws IOException {
    for (TensorFile file : files) {
      file.close();
    }
  }

  private static void openShards(
      Path path, WeightFormat format, Map<String, TensorFile> files, Map<String, TensorFile> byName)
      throws IOException {
    Path index = path.resolve(format.index());
    NavigableMap<String, String> weightMap = weightMap(index, format);
    for (String shard : new TreeSet<>(weightMap.values())) {
      if (!Files.isRegularFile(path.resolve(shard))) {
        long tensors = weightMap.values().stream().filter(shard::equals).count();
        throw new CheckpointException(
            "%s: expected this shard with %d tensors because %s names it, found none. Fetch it."
                .formatted(path.resolve(shard), tensors, format.index()));
      }
      TensorFile file = format.open(path.resolve(shard));
      files.put(shard, file);
      for (TensorEntry entry : file.entries()) {
        String mapped = weightMap.get(entry.name());
        if (!shard.equals(mapped)) {
          throw new CheckpointException(
              "%s: expected only the tensors that %s places here, found '%s', which it places %s."
                      .formatted(
                          file.path(),
                          format.index(),
                          entry.name(),
                          mapped == null ? "nowhere" : "in " + mapped)
                  + " Fetch index and shards of one version.");
        }
        byName.put(entry.name(), file);
      }
    }
    for (Map.Entry<String, String> pair : weightMap.entrySet()) {
      if (!byName.containsKey(pair.getKey())) {
        throw new CheckpointException(
            "%s: expected tensor '%s' because %s places it here, found none. Fetch index and"
                    .formatted(path.resolve(pair.getValue()), pair.getKey(), format.index())
                + " shards of one version.");
      }
    }
  }

  private static NavigableMap<String, String> weightMap(Path index, WeightFormat format)
      throws IOException {
    JsonNode map = JsonFile.read(index).path("weight_map");
    if (!map.isObject() || map.isEmpty()) {
      throw new CheckpointException(
          "%s: expected an object 'weight_map' from tensor to file, found %s. Fetch the index."
              .formatted(index, map.getNodeType()));
    }
    NavigableMap<String, String> weightMap = new TreeMap<>();
    for (Map.Entry<String, JsonNode> field : map.properties()) {
      String file = field.getValue().asText();
      if (!field.getValue().isTextual() || !format.names(file)) {
        throw new CheckpointException(
            "%s: expected the name of a weight file in the same directory for tensor '%s',"
                    .formatted(index, field.getKey())
                + " found '%s'. Fetch the index from a source you trust.".formatted(file));
      }
      weightMap.put(field.getKey(), file);
    }
    return weightMap;
  }

  private static CheckpointException noWeights(Path path) {
    return new CheckpointException(
        "%s: expected one of %s, found none. Fetch the weights."
            .formatted(
                path,
                Arrays.stream(WeightFormat.values())
                    .flatMap(format -> Stream.of(format.single(), format.index()))
                    .toList()));
  }
}
