package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongConsumer;

/**
 * Writes an adapter as safetensors: its settings byte for byte, names, types and values of the
 * weights as they are, and the files of a tokenizer that lie beside them. Adapters of other names
 * in directories below are left where they are.
 */
public final class AdapterConversion implements AutoCloseable {

  private final Path path;
  private final AdapterDirectory adapter;

  private AdapterConversion(Path path, AdapterDirectory adapter) {
    this.path = path;
    this.adapter = adapter;
  }

  /**
   * Opens an adapter.
   *
   * @throws CheckpointException if something is missing, damaged, or does not agree
   */
  public static AdapterConversion open(Path path) throws IOException {
    return new AdapterConversion(path, AdapterDirectory.open(path));
  }

  /** The size of what will be written, headers aside. */
  public long bytes() {
    return adapter.file().entries().stream().mapToLong(TensorEntry::bytes).sum();
  }

  /**
   * Writes the converted adapter.
   *
   * @param out does not exist yet, or is an empty directory; appears whole or not at all
   * @param written told of bytes as they are written
   */
  public ConversionSummary write(Path out, LongConsumer written) throws IOException {
    List<TensorSpec> specs =
        adapter.file().entries().stream()
            .map(entry -> new TensorSpec(entry.name(), entry.dtype(), entry.shape()))
            .toList();
    try (StagedDirectory staged = StagedDirectory.create(out)) {
      Path weights = staged.path().resolve(WeightFormat.SAFETENSORS.adapter());
      try (SafetensorsWriter writer = SafetensorsWriter.create(weights, specs)) {
        for (TensorSpec spec : specs) {
          writer.copy(spec.name(), adapter.file());
          written.accept(spec.bytes());
        }
        writer.finish();
      }
      StagedFile.write(
          staged.path().resolve(AdapterConfig.FILE),
          Files.readAllBytes(path.resolve(AdapterConfig.FILE)));
      Set<String> companions = new HashSet<>(CompanionFiles.copy(path, staged.path()));
      staged.publish();
      return new ConversionSummary(specs.size(), bytes(), 1, List.of(), companions);
    }
  }

  @Override
  public void close() throws IOException {
    adapter.close();
  }
}
