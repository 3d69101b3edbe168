package dev.cantilever.model;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * {@code golden.safetensors} of a model fixture: padded inputs and what transformers made of them.
 */
public final class ModelGolden implements AutoCloseable {
  private static final String DECODER = "decoder_input_ids";

  private final SafetensorsFile file;

  private ModelGolden(SafetensorsFile file) {
    this.file = file;
  }

  /**
   * Opens the file of a fixture folder.
   *
   * @throws CheckpointException if it is missing or breaks the format
   */
  public static ModelGolden open(Path folder) throws IOException {
    return new ModelGolden(SafetensorsFile.open(folder.resolve("golden.safetensors")));
  }

  /** Whether there is a tensor of this name. */
  public boolean has(String name) {
    return file.contains(name);
  }

  /** The dimensions of {@code logits}: 3 for a language model, 2 for a classifier. */
  public int logitsRank() {
    return file.entry("logits").shape().rank();
  }

  /** The tokens whose mask is 1, packed; where there is an encoder, what it reads. */
  public TokenRows rows() throws IOException {
    return TokenRows.ofPadded(file.readInts("input_ids"), mask(), width());
  }

  /** What goes through the model. */
  public ModelRows modelRows() throws IOException {
    return hasEncoder() ? ModelRows.of(rows(), decoderRows()) : ModelRows.of(rows());
  }

  /** What the loss is of: every token behind another of its row, or of a decoder's. */
  public ResponseRows predictedRows() throws IOException {
    TokenRows rows = rows();
    if (!hasEncoder()) {
      return ResponseRows.ofTexts(rows);
    }
    TokenRows decoder = decoderRows();
    int[][] queries = new int[rows.rows()][];
    int[][] responses = new int[rows.rows()][];
    for (int r = 0; r < queries.length; r++) {
      queries[r] = rows.row(r);
      responses[r] = Arrays.copyOfRange(decoder.row(r), 1, decoder.length(r));
    }
    return ResponseRows.of(queries, responses);
  }

  /** What {@code greedy} begins with: the first row, or the decoder's start token. */
  public int[] begun() throws IOException {
    return hasEncoder() ? new int[] {decoderRows().ids()[0]} : rows().row(0);
  }

  private boolean hasEncoder() {
    return has(DECODER);
  }

  /** Rows of a decoder, none of which is padded. */
  private TokenRows decoderRows() throws IOException {
    int[] ids = file.readInts(DECODER);
    int[] all = new int[ids.length];
    Arrays.fill(all, 1);
    return TokenRows.ofPadded(ids, all, Math.toIntExact(file.entry(DECODER).shape().dim(1)));
  }

  /** A whole tensor of floats. */
  public float[] floats(String name) throws IOException {
    return file.readFloats(name);
  }

  /** A whole tensor of integers. */
  public int[] ints(String name) throws IOException {
    return file.readInts(name);
  }

  /**
   * Those rows of a tensor [B, T, size] whose mask is 1, one after the other; all of a decoder's.
   *
   * @throws CheckpointException if it has another shape
   */
  public float[] valid(String name, int size) throws IOException {
    int[] mask = maskOfLogits();
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
  public List<String> names(String prefix) {
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

  private int[] maskOfLogits() throws IOException {
    if (!hasEncoder()) {
      return mask();
    }
    int[] all = file.readInts(DECODER);
    Arrays.fill(all, 1);
    return all;
  }

  private int[] mask() throws IOException {
    return file.readInts("attention_mask");
  }

  private int width() {
    return Math.toIntExact(file.entry("input_ids").shape().dim(1));
  }
}
