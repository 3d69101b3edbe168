package dev.cantilever.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.cantilever.memory.NativeWindow;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Writes a safetensors file as a stream: every tensor is declared first, then its bytes are
 * supplied, tensor by tensor in any order, a large one in several pieces. The file appears under
 * its name when {@link #finish} has everything on disk; closed before, it leaves nothing.
 *
 * <p>The bytes equal those of huggingface/safetensors: sorted by type, largest alignment first,
 * then by name; the header padded with spaces to a multiple of 8.
 */
public final class SafetensorsWriter implements AutoCloseable {

  /** What transformers and peft write as metadata. */
  public static final Map<String, String> PT_METADATA = Map.of("format", "pt");

  private static final int CHUNK_BYTES = 1 << 20; // a multiple of every element size
  private static final int WINDOW_BYTES = 1 << 30;

  /** The reference writer's order of types, which it sorts by: the largest alignment first. */
  private static final List<DType> ORDER =
      List.of(
          DType.I64,
          DType.F64,
          DType.F32,
          DType.I32,
          DType.BF16,
          DType.F16,
          DType.I16,
          DType.I8,
          DType.U8,
          DType.BOOL);

  private final StagedFile file;
  private final long dataStart;
  private final Map<String, Progress> tensors;
  private boolean finished;

  private SafetensorsWriter(StagedFile file, long dataStart, Map<String, Progress> tensors) {
    this.file = file;
    this.dataStart = dataStart;
    this.tensors = tensors;
  }

  /** Begins a file with the metadata {@code {"format": "pt"}}. */
  public static SafetensorsWriter create(Path target, List<TensorSpec> specs) throws IOException {
    return create(target, specs, PT_METADATA);
  }

  /**
   * Begins a file.
   *
   * @param specs every tensor of the file, in any order
   * @param metadata strings for {@code __metadata__}; none if empty
   * @throws CheckpointException if two tensors have one name
   */
  public static SafetensorsWriter create(
      Path target, List<TensorSpec> specs, Map<String, String> metadata) throws IOException {
    List<TensorSpec> sorted = new ArrayList<>(specs);
    sorted.sort(
        Comparator.comparingInt((TensorSpec spec) -> ORDER.indexOf(spec.dtype()))
            .thenComparing(
                spec -> spec.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    Map<String, Progress> tensors = new LinkedHashMap<>();
    long offset = 0;
    for (TensorSpec spec : sorted) {
      TensorEntry entry =
          new TensorEntry(spec.name(), spec.dtype(), spec.shape(), offset, spec.bytes());
      if (tensors.put(spec.name(), new Progress(entry)) != null) {
        throw new CheckpointException(
            "%s: expected each tensor once, found '%s' declared twice. Declare it once."
                .formatted(target, spec.name()));
      }
      offset = Math.addExact(offset, entry.bytes());
    }
    byte[] header = header(metadata, tensors.values());
    if (header.length > SafetensorsHeader.MAX_HEADER_BYTES) {
      throw new CheckpointException(
          "%s: expected a header of at most %d bytes, found %d. Write several files."
              .formatted(target, SafetensorsHeader.MAX_HEADER_BYTES, header.length));
    }
    ByteBuffer start =
        ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(header.length).put(header).flip();
    StagedFile file = StagedFile.create(target);
    try {
      file.write(start, 0);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
    return new SafetensorsWriter(file, Long.BYTES + header.length, tensors);
  }

  /**
   * Appends the rest of a buffer to a tensor, bytes as they are to be stored (little-endian).
   *
   * @throws CheckpointException if the tensor was not declared or would become too long
   */
  public void write(String name, ByteBuffer bytes) throws IOException {
    Progress tensor = claim(name, bytes.remaining());
    int count = bytes.remaining();
    file.write(bytes, dataStart + tensor.entry.offset() + tensor.written);
    tensor.written += count;
  }

  /**
   * Appends host memory to a tensor, bytes as they are to be stored (little-endian).
   *
   * @param address where {@code bytes} readable bytes lie
   */
  public void write(String name, long address, long bytes) throws IOException {
    claim(name, bytes);
    for (long done = 0; done < bytes; done += WINDOW_BYTES) {
      int window = (int) Math.min(WINDOW_BYTES, bytes - done);
      write(name, NativeWindow.of(address + done, window));
    }
  }

  /** Appends all of {@code values}, as {@link #write(String, float[], int, int)} does. */
  public void write(String name, float[] values) throws IOException {
    write(name, values, 0, values.length);
  }

  /**
   * Appends floats to a floating-point tensor, rounded to nearest even to its stored type.
   *
   * @throws CheckpointException if the tensor was not declared, is of another kind, would become
   *     too long, or cannot hold a finite value as a finite one
   */
  public void write(String name, float[] values, int start, int count) throws IOException {
    Objects.checkFromIndexSize(start, count, values.length);
    Progress tensor = progress(name);
    DType dtype = tensor.entry.dtype();
    if (!dtype.isFloatingPoint()) {
      throw new CheckpointException(
          "%s: expected floats for a floating-point tensor, found '%s' of %s. Write its bytes."
              .formatted(file.target(), name, dtype));
    }
    claim(name, (long) count * dtype.bytes());
    ByteBuffer chunk =
        ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, (long) count * dtype.bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    int perChunk = CHUNK_BYTES / dtype.bytes();
    for (int done = 0; done < count; done += perChunk) {
      int part = Math.min(perChunk, count - done);
      chunk.clear();
      if (convert(dtype, values, start + done, part, chunk) > 0) {
        throw overflow(tensor.entry, values, start + done, part);
      }
      write(name, chunk.flip());
    }
  }

  /**
   * Supplies a whole tensor with its elements in another file, unchanged, a window at a time.
   *
   * @throws CheckpointException if it is not in that file, or not as declared here
   */
  public void copy(String name, TensorFile source) throws IOException {
    copy(name, source, source.entry(name));
  }

  /**
   * The same of a tensor that has another name there.
   *
   * @param entry where it lies in that file
   */
  public void copy(String name, TensorFile source, TensorEntry entry) throws IOException {
    TensorEntry declared = progress(name).entry;
    if (declared.dtype() != entry.dtype() || !declared.shape().equals(entry.shape())) {
      throw new CheckpointException(
          "%s: expected tensor '%s' to be %s %s as declared, found %s %s. Convert it first."
              .formatted(
                  source.path(),
                  name,
                  declared.dtype(),
                  declared.shape(),
                  entry.dtype(),
                  entry.shape()));
    }
    ByteBuffer window = ByteBuffer.allocateDirect((int) Math.min(CHUNK_BYTES, entry.bytes()));
    for (long offset = 0; offset < entry.bytes(); offset += window.capacity()) {
      window.clear().limit((int) Math.min(window.capacity(), entry.bytes() - offset));
      source.read(entry, offset, window);
      write(name, window.flip());
    }
  }

  /**
   * Puts everything on disk and the file under its name, replacing one that is there.
   *
   * @throws CheckpointException if a tensor has not been supplied whole; nothing is published
   */
  public void finish() throws IOException {
    for (Progress tensor : tensors.values()) {
      if (tensor.written != tensor.entry.bytes()) {
        throw new CheckpointException(
            "%s: expected %d bytes of tensor '%s' before finish(), found %d. Write the rest."
                .formatted(
                    file.target(), tensor.entry.bytes(), tensor.entry.name(), tensor.written));
      }
    }
    file.publish();
    finished = true;
  }

  /** Whether every byte of every tensor has been supplied. */
  boolean isComplete() {
    return tensors.values().stream().allMatch(t -> t.written == t.entry.bytes());
  }

  boolean isFinished() {
    return finished;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }

  private Progress progress(String name) {
    Progress tensor = tensors.get(name);
    if (tensor == null) {
      throw new CheckpointException(
          "%s: expected a declared tensor, found '%s'. Declare it when creating the writer."
              .formatted(file.target(), name));
    }
    return tensor;
  }

  private Progress claim(String name, long bytes) {
    Progress tensor = progress(name);
    long left = tensor.entry.bytes() - tensor.written;
    if (bytes > left) {
      throw new CheckpointException(
          "%s: expected at most %d more bytes of tensor '%s' %s %s, found %d. Check its shape."
              .formatted(
                  file.target(), left, name, tensor.entry.dtype(), tensor.entry.shape(), bytes));
    }
    return tensor;
  }

  /** Converts into the chunk and returns how many finite values became infinite. */
  private static int convert(DType dtype, float[] values, int start, int count, ByteBuffer chunk) {
    return switch (dtype) {
      case F16 -> HalfPrecision.f32ToF16(values, start, count, chunk);
      case BF16 -> HalfPrecision.f32ToBf16(values, start, count, chunk);
      case F32 -> {
        chunk.asFloatBuffer().put(values, start, count);
        chunk.position(count * Float.BYTES);
        yield 0;
      }
      default -> {
        for (int i = start; i < start + count; i++) {
          chunk.putDouble(values[i]);
        }
        yield 0;
      }
    };
  }

  private CheckpointException overflow(TensorEntry entry, float[] values, int start, int count) {
    float largest = 0;
    for (int i = start; i < start + count; i++) {
      if (Float.isFinite(values[i]) && Math.abs(values[i]) > Math.abs(largest)) {
        largest = values[i];
      }
    }
    return new CheckpointException(
        "%s: expected values of tensor '%s' that %s can hold, found %s. Store it as %s."
            .formatted(
                file.target(),
                entry.name(),
                entry.dtype(),
                largest,
                entry.dtype() == DType.F16 ? "BF16 or F32" : "F32"));
  }

  private static byte[] header(Map<String, String> metadata, Iterable<Progress> tensors)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (JsonGenerator json = new JsonFactory().createGenerator(bytes)) {
      json.writeStartObject();
      if (!metadata.isEmpty()) {
        json.writeObjectFieldStart(SafetensorsHeader.METADATA);
        for (Map.Entry<String, String> pair : metadata.entrySet()) {
          json.writeStringField(pair.getKey(), pair.getValue());
        }
        json.writeEndObject();
      }
      for (Progress tensor : tensors) {
        TensorEntry entry = tensor.entry;
        json.writeObjectFieldStart(entry.name());
        json.writeStringField("dtype", entry.dtype().safetensorsName());
        json.writeArrayFieldStart("shape");
        for (long dim : entry.shape().dims()) {
          json.writeNumber(dim);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("data_offsets");
        json.writeNumber(entry.offset());
        json.writeNumber(Math.addExact(entry.offset(), entry.bytes()));
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndObject();
    }
    while (bytes.size() % 8 != 0) {
      bytes.write(' ');
    }
    return bytes.toByteArray();
  }

  /** A declared tensor and how much of it has been supplied. */
  private static final class Progress {
    final TensorEntry entry;
    long written;

    Progress(TensorEntry entry) {
      this.entry = entry;
    }
  }
}
