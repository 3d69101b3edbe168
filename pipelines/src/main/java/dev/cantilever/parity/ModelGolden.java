package dev.cantilever.parity;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.model.TokenRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code golden.safetensors} of a model fixture: padded inputs and what transformers made of them.
 */
final class ModelGolden implements AutoCloseable {
  private final SafetensorsFile file;

  private ModelGolden(SafetensorsFile file) {
    this.file = file;
  }

  /**
   * Opens the file of a fixture folder.
   *
   * @throws CheckpointException if it is missing or breaks the format
   */
  static ModelGolden open(Path folder) throws IOException {
    return new ModelGolden(SafetensorsFile.open(folder.resolve("golden.safetensors")));
  }

  boolean has(String name) {
    return file.contains(name);
  }

  /** The dimensions of {@code logits}: 3 for a language model, 2 for a classifier. */
  int logitsRank() {
    return file.entry("logits").shape().rank();
  }

  /** The tokens whose mask is 1, packed. */
  TokenRows rows() throws IOException {
    return TokenRows.ofPadded(file.readInts("input_ids"), mask(), width());
  }

  float[] floats(String name) throws IOException {
    return file.readFloats(name);
  }

  int[] ints(String name) throws IOException {
    return file.readInts(name);
  }

  /**
   * Those rows of a tensor [B, T, size] whose mask is 1, one after the other.
   *
   * @throws CheckpointException if it has another shape
   */
  float[] valid(String name, int size) throws IOException {
    int[] mask = mask();
    float[] padded = file.readFloats(name);
    if (padded.length != mask.length * size) {
      throw new CheckpointException(
          "%s: expected '%s' to hold %d numbers for each of %d positions, found %s. Restore the fixture."
              .formatted(file.path(), name, size, mask.length, file.entry(name).shape()));
    }
    int tokens = 0;
    float[] valid = new float[padded.length];
    for (int position = 0; position < mask.length; position++) {
      if (mask[position] == 1) {
        System.arraycopy(padded, position * size, valid, tokens++ * size, size);
      }
    }
    return Arrays.copyOf(valid, tokens * size);
  }

  /** The names of the tensors that begin with {@code prefix}. */
  List<String> names(String prefix) {
    List<String> names = new ArrayList<>();
    for (TensorEntry entry : file.entries()) {
      if (entry.name().startsWith(prefix)) {
        names.add(entry.name());
      }
    }
    return names;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private int[] mask() throws IOException {
    return file.readInts("attention_mask");
  }

  private int width() {
    return Math.toIntExact(file.entry("input_ids").shape().dim(1));
  }
}
