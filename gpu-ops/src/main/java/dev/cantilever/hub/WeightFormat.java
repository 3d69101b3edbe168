package dev.cantilever.hub;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/** The forms in which a directory can hold weights, the first that is there being the one. */
enum WeightFormat {
  /** Preferred where both are there, as in transformers. */
  SAFETENSORS("model", ".safetensors", SafetensorsFile::open),
  /** Older checkpoints. */
  TORCH("pytorch_model", ".bin", TorchFile::open);

  /** Opens a file of a format. */
  private interface Opening {
    TensorFile open(Path path) throws IOException;
  }

  private final String stem;
  private final String suffix;
  private final Opening opening;

  WeightFormat(String stem, String suffix, Opening opening) {
    this.stem = stem;
    this.suffix = suffix;
    this.opening = opening;
  }

  /** The file of a model that is in one. */
  String single() {
    return stem + suffix;
  }

  /** The file of an adapter that is in one. */
  String adapter() {
    return "adapter_model" + suffix;
  }

  /** The file that says which tensor is in which shard. */
  String index() {
    return stem + suffix + ".index.json";
  }

  /** Whether a name is that of a file of this format in the directory itself. */
  boolean names(String file) {
    return file.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*") && file.endsWith(suffix);
  }

  TensorFile open(Path path) throws IOException {
    return opening.open(path);
  }

  /** What a directory holds, a single file before shards; nothing if no weights are there. */
  static Optional<WeightFormat> in(Path directory) {
    return Arrays.stream(values())
        .filter(
            format ->
                Files.exists(directory.resolve(format.single()))
                    || Files.exists(directory.resolve(format.index())))
        .findFirst();
  }

  /**
   * The file of an adapter's weights.
   *
   * @throws CheckpointException if there is none
   */
  static TensorFile openAdapter(Path directory) throws IOException {
    for (WeightFormat format : values()) {
      Path file = directory.resolve(format.adapter());
      if (Files.exists(file)) {
        return format.open(file);
      }
    }
    throw new CheckpointException(
        "%s: expected one of %s, found none. Fetch the weights."
            .formatted(directory, Arrays.stream(values()).map(WeightFormat::adapter).toList()));
  }

  /** The name of the safetensors file with the tensors of a file. */
  static String safetensorsName(Path file) {
    String name = String.valueOf(file.getFileName());
    return name.endsWith(TORCH.suffix)
        ? name.substring(0, name.length() - TORCH.suffix.length())
                .replaceFirst("^" + TORCH.stem, SAFETENSORS.stem)
            + SAFETENSORS.suffix
        : name;
  }
}
