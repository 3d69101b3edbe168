package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Writes a checkpoint as safetensors: names, types and bytes as they are, views packed in row-major
 * order, a tensor of several names once where transformers ties them again, and all files that
 * belong to the model. Memory holds a window of one tensor.
 */
public final class CheckpointConversion implements AutoCloseable {

  private final ModelDirectory model;
  private final Set<String> dropped;

  private CheckpointConversion(ModelDirectory model) {
    this.model = model;
    List<List<String>> groups = new ArrayList<>();
    model.files().forEach(file -> groups.addAll(file.shared()));
    this.dropped = TiedNames.dropped(model.config(), groups);
  }

  /**
   * Opens a checkpoint.
   *
   * @throws CheckpointException if something is missing, damaged, or does not agree
   */
  public static CheckpointConversion open(Path model) throws IOException {
    ModelDirectory directory = ModelDirectory.open(model);
    try {
      return new CheckpointConversion(directory);
    } catch (RuntimeException e) {
      directory.close();
      throw e;
    }
  }

  /** The size of what will be written, headers aside. */
  public long bytes() {
    return entries().stream().mapToLong(TensorEntry::bytes).sum();
  }

  /**
   * Writes the converted checkpoint.
   *
   * @param out does not exist yet, or is an empty directory; appears whole or not at all
   * @param shardBytes tensor bytes per file; a larger tensor has a file of its own
   * @param written told of bytes as they are written
   */
  public ConversionSummary write(Path out, long shardBytes, LongConsumer written)
      throws IOException {
    List<TensorEntry> entries = entries();
    List<TensorSpec> specs =
        entries.stream()
            .map(entry -> new TensorSpec(entry.name(), entry.dtype(), entry.shape()))
            .toList();
    try (ModelDirectoryWriter writer =
        ModelDirectoryWriter.create(out, model.config(), specs, shardBytes)) {
      for (TensorEntry entry : entries) {
        writer.copy(entry.name(), model.file(entry.name()));
        written.accept(entry.bytes());
      }
      Set<String> companions = new HashSet<>(writer.copyCompanions(model.path()));
      writer.publish();
      return new ConversionSummary(
          entries.size(), bytes(), writer.files(), List.copyOf(dropped), companions);
    }
  }

  /** What is written, in the order of the files. */
  private List<TensorEntry> entries() {
    return model.files().stream()
        .flatMap(file -> file.entries().stream())
        .filter(entry -> !dropped.contains(entry.name()))
        .toList();
  }

  @Override
  public void close() throws IOException {
    model.close();
  }
}
