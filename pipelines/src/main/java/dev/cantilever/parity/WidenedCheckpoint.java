package dev.cantilever.parity;

import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * A checkpoint in F32 throughout. Fixtures are computed in that: what a merge stores in 16 bit is
 * rounded, which is no error of it.
 */
final class WidenedCheckpoint {

  private static final Set<DType> FLOATS = Set.of(DType.F32, DType.F16, DType.BF16);

  private WidenedCheckpoint() {}

  /**
   * Writes one, unless the checkpoint is one already, or has integers, into which nothing is
   * merged.
   *
   * @param target does not exist yet
   * @return the directory that holds it: the checkpoint's own, or {@code target}
   */
  static Path of(ModelDirectory checkpoint, Path target) throws IOException {
    List<TensorEntry> entries = checkpoint.names().stream().map(checkpoint::entry).toList();
    Set<DType> types = entries.stream().map(TensorEntry::dtype).collect(Collectors.toSet());
    if (types.equals(Set.of(DType.F32)) || !FLOATS.containsAll(types)) {
      return checkpoint.path();
    }
    List<TensorSpec> specs =
        entries.stream()
            .map(entry -> new TensorSpec(entry.name(), DType.F32, entry.shape()))
            .toList();
    try (ModelDirectoryWriter writer =
        ModelDirectoryWriter.create(target, checkpoint.config(), specs)) {
      for (TensorEntry entry : entries) {
        writer.write(entry.name(), checkpoint.readFloats(entry.name()));
      }
      writer.publish();
    }
    return target;
  }
}
