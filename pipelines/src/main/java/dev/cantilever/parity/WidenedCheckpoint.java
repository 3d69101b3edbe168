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
 * A checkpoint without weights in 16 bit. Fixtures are computed in that: what a merge stores in 16
 * bit is rounded, which is no error of it.
 */
final class WidenedCheckpoint {

  private static final Set<DType> NARROW = Set.of(DType.F16, DType.BF16);

  private WidenedCheckpoint() {}

  /**
   * Writes one in F32, unless the checkpoint is one already, or is in 8 bit, into which nothing is
   * merged. What has another type, as masks have, is copied.
   *
   * @param target does not exist yet
   * @return the directory that holds it: the checkpoint's own, or {@code target}
   */
  static Path of(ModelDirectory checkpoint, Path target) throws IOException {
    List<TensorEntry> entries = checkpoint.names().stream().map(checkpoint::entry).toList();
    Set<DType> types = entries.stream().map(TensorEntry::dtype).collect(Collectors.toSet());
    if (types.contains(DType.I8) || types.stream().noneMatch(NARROW::contains)) {
      return checkpoint.path();
    }
    List<TensorSpec> specs =
        entries.stream()
            .map(entry -> new TensorSpec(entry.name(), widened(entry.dtype()), entry.shape()))
            .toList();
    try (ModelDirectoryWriter writer =
        ModelDirectoryWriter.create(target, checkpoint.config(), specs)) {
      for (TensorEntry entry : entries) {
        if (NARROW.contains(entry.dtype())) {
          writer.write(entry.name(), checkpoint.readFloats(entry.name()));
        } else {
          writer.copy(entry.name(), checkpoint.file(entry.name()));
        }
      }
      writer.publish();
    }
    return target;
  }

  private static DType widened(DType type) {
    return NARROW.contains(type) ? DType.F32 : type;
  }
}
