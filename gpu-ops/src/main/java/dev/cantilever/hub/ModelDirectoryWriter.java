package dev.cantilever.hub;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Writes a Hugging Face model directory a tensor at a time: one {@code model.safetensors} if the
 * weights fit, else numbered shards and their index. Shards are cut as huggingface_hub's {@code
 * split_state_dict_into_shards_factory} cuts them: in the declared order, a new one when the next
 * tensor would pass the limit. Host memory holds no more than what the caller supplies at once.
 *
 * <p>The directory appears when {@link #publish} has everything on disk; closed before, it leaves
 * nothing.
 */
public final class ModelDirectoryWriter implements AutoCloseable {

  /** The limit of a shard in transformers 4: 5 GB, decimal. */
  public static final long DEFAULT_SHARD_BYTES = 5_000_000_000L;

  private final StagedDirectory directory;
  private final List<Shard> shards;
  private final Map<String, Shard> byName = new HashMap<>();

  private ModelDirectoryWriter(StagedDirectory directory, List<Shard> shards) {
    this.directory = directory;
    this.shards = shards;
    for (Shard shard : shards) {
      for (TensorSpec spec : shard.specs) {
        if (byName.put(spec.name(), shard) != null) {
          throw new CheckpointException(
              "%s: expected each tensor once, found '%s' declared twice. Declare it once."
                  .formatted(directory.target(), spec.name()));
        }
      }
    }
  }

  /** Begins a directory whose shards hold at most {@link #DEFAULT_SHARD_BYTES}. */
  public static ModelDirectoryWriter create(
      Path target, ModelConfig config, List<TensorSpec> tensors) throws IOException {
    return create(target, config, tensors, DEFAULT_SHARD_BYTES);
  }

  /**
   * Begins a directory and writes its {@code config.json}.
   *
   * @param target does not exist yet, or is an empty directory
   * @param tensors every tensor of the model; shards are cut in this order
   * @param maxShardBytes tensor bytes per file; a larger tensor has a file of its own
   */
  public static ModelDirectoryWriter create(
      Path target, ModelConfig config, List<TensorSpec> tensors, long maxShardBytes)
      throws IOException {
    if (maxShardBytes < 1 || tensors.isEmpty()) {
      throw new CheckpointException(
          "%s: expected at least one tensor and shards of at least 1 byte, found %d and %d."
                  .formatted(target, tensors.size(), maxShardBytes)
              + " Correct the call.");
    }
    StagedDirectory directory = StagedDirectory.create(target);
    try {
      JsonFile.write(directory.path().resolve(ModelConfig.FILE), config.json());
      return new ModelDirectoryWriter(directory, cut(tensors, maxShardBytes));
    } catch (IOException | RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /**
   * Copies the tokenizer's files, the generation config and the like from a model directory, those
   * that it has; never weights or {@code config.json}.
   *
   * @return the names copied
   */
  public List<String> copyCompanions(Path source) throws IOException {
    return CompanionFiles.copy(source, directory.path());
  }

  /** How many weight files there will be. */
  int files() {
    return shards.size();
  }

  /** Appends stored bytes to a tensor; see {@link SafetensorsWriter#write(String, ByteBuffer)}. */
  public void write(String name, ByteBuffer bytes) throws IOException {
    Shard shard = shard(name);
    shard.writer(directory.path()).write(name, bytes);
    shard.finishIfComplete();
  }

  /** Appends host memory; see {@link SafetensorsWriter#write(String, long, long)}. */
  public void write(String name, long address, long bytes) throws IOException {
    Shard shard = shard(name);
    shard.writer(directory.path()).write(name, address, bytes);
    shard.finishIfComplete();
  }

  /** Appends rounded floats; see {@link SafetensorsWriter#write(String, float[])}. */
  public void write(String name, float[] values) throws IOException {
    Shard shard = shard(name);
    shard.writer(directory.path()).write(name, values);
    shard.finishIfComplete();
  }

  /** Appends a tensor's bytes unchanged from another file, a window at a time. */
  public void copy(String name, TensorFile source) throws IOException {
    Shard shard = shard(name);
    shard.writer(directory.path()).copy(name, source);
    shard.finishIfComplete();
  }

  /**
   * Completes the weights, writes the index if there are shards, and makes the directory appear.
   *
   * @throws CheckpointException if a tensor has not been supplied whole; nothing is published
   */
  public void publish() throws IOException {
    for (Shard shard : shards) {
      shard.finish(directory.path());
    }
    if (shards.size() > 1) {
      JsonFile.write(directory.path().resolve(WeightFormat.SAFETENSORS.index()), index());
    }
    directory.publish();
  }

  @Override
  public void close() throws IOException {
    for (Shard shard : shards) {
      shard.close();
    }
    directory.close();
  }

  private Shard shard(String name) {
    Shard shard = byName.get(name);
    if (shard == null) {
      throw new CheckpointException(
          "%s: expected a declared tensor, found '%s'. Declare it when creating the writer."
              .formatted(directory.target(), name));
    }
    return shard;
  }

  private static List<Shard> cut(List<TensorSpec> tensors, long maxShardBytes) {
    List<List<TensorSpec>> parts = new ArrayList<>();
    List<TensorSpec> current = new ArrayList<>();
    long bytes = 0;
    for (TensorSpec spec : tensors) {
      if (spec.bytes() > maxShardBytes) {
        parts.add(List.of(spec));
        continue;
      }
      if (spec.bytes() > maxShardBytes - bytes) {
        parts.add(current);
        current = new ArrayList<>();
        bytes = 0;
      }
      current.add(spec);
      bytes += spec.bytes();
    }
    if (!current.isEmpty()) {
      parts.add(current);
    }
    List<Shard> shards = new ArrayList<>();
    for (List<TensorSpec> part : parts) {
      String name =
          parts.size() == 1
              ? WeightFormat.SAFETENSORS.single()
              : "model-%05d-of-%05d.safetensors".formatted(shards.size() + 1, parts.size());
      shards.add(new Shard(name, part));
    }
    return shards;
  }

  private ObjectNode index() {
    long bytes = 0;
    long elements = 0;
    TreeMap<String, String> weightMap = new TreeMap<>();
    for (Shard shard : shards) {
      for (TensorSpec spec : shard.specs) {
        bytes += spec.bytes();
        elements += spec.shape().elements();
        weightMap.put(spec.name(), shard.name);
      }
    }
    ObjectNode index = JsonFile.object();
    index.putObject("metadata").put("total_parameters", elements).put("total_size", bytes);
    ObjectNode map = index.putObject("weight_map");
    weightMap.forEach(map::put);
    return index;
  }

  /** One weight file: opened at its first byte, finished at its last. */
  private static final class Shard implements AutoCloseable {
    final String name;
    final List<TensorSpec> specs;
    private @Nullable SafetensorsWriter writer;

    Shard(String name, List<TensorSpec> specs) {
      this.name = name;
      this.specs = specs;
    }

    SafetensorsWriter writer(Path directory) throws IOException {
      SafetensorsWriter open = writer;
      if (open == null) {
        open = SafetensorsWriter.create(directory.resolve(name), specs);
        writer = open;
      }
      return open;
    }

    void finishIfComplete() throws IOException {
      if (writer != null && !writer.isFinished() && writer.isComplete()) {
        writer.finish();
      }
    }

    void finish(Path directory) throws IOException {
      SafetensorsWriter open = writer(directory);
      if (!open.isFinished()) {
        open.finish();
      }
    }

    @Override
    public void close() throws IOException {
      if (writer != null) {
        writer.close();
      }
    }
  }
}
