package dev.cantilever.hub;

import dev.cantilever.memory.NativeWindow;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A file of named tensors, opened for reading, whatever its format. When it is open, every tensor
 * that it lists lies inside of it.
 *
 * <p>Holds one descriptor until closed, so that what is read is what was checked even if the path
 * is replaced meanwhile. Safe for concurrent readers.
 */
public abstract sealed class TensorFile implements AutoCloseable
    permits SafetensorsFile, TorchFile {

  private static final int CHUNK_BYTES = 1 << 20; // a multiple of every element size
  private static final int WINDOW_BYTES = 1 << 30;
  private static final int MAX_ARRAY = Integer.MAX_VALUE - 8;

  private final Path path;
  private final List<TensorEntry> entries;
  private final Map<String, TensorEntry> byName = new HashMap<>();

  TensorFile(Path path, List<TensorEntry> entries) {
    this.path = path;
    this.entries = List.copyOf(entries);
    entries.forEach(entry -> byName.put(entry.name(), entry));
  }

  /** The file's path, as given. */
  public Path path() {
    return path;
  }

  /** Strings that describe the file; empty where its format has none. */
  public abstract Map<String, String> metadata();

  /** Groups of names that stand for one and the same tensor; none where each has its own bytes. */
  public List<List<String>> shared() {
    return List.of();
  }

  /** Every tensor, in the order of the file. */
  public List<TensorEntry> entries() {
    return entries;
  }

  /** Whether the file holds a tensor of this name. */
  public boolean contains(String name) {
    return byName.containsKey(name);
  }

  /**
   * The tensor of this name.
   *
   * @throws CheckpointException if there is none
   */
  public TensorEntry entry(String name) {
    TensorEntry entry = byName.get(name);
    if (entry == null) {
      throw new CheckpointException(
          "%s: expected a tensor '%s', found %d others such as %s. Check that the file belongs."
              .formatted(
                  path,
                  name,
                  byName.size(),
                  entries.stream().limit(3).map(TensorEntry::name).toList()));
    }
    return entry;
  }

  /**
   * Fills the rest of a buffer with bytes of a tensor: row-major, packed, little-endian.
   *
   * @param offset bytes from the start of the tensor, a whole number of elements
   * @throws java.io.EOFException if the file has become shorter since it was opened
   */
  public abstract void read(TensorEntry entry, long offset, ByteBuffer to) throws IOException;

  /**
   * Copies bytes of a tensor to host memory.
   *
   * @param offset bytes from the start of the tensor, a whole number of elements
   * @param address where {@code bytes} writable bytes lie
   */
  public void read(TensorEntry entry, long offset, long bytes, long address) throws IOException {
    checkOwn(entry, offset, bytes);
    for (long done = 0; done < bytes; done += WINDOW_BYTES) {
      int window = (int) Math.min(WINDOW_BYTES, bytes - done);
      read(entry, offset + done, NativeWindow.of(address + done, window));
    }
  }

  /**
   * A whole floating-point tensor as floats, row-major. F64 is rounded to nearest.
   *
   * @throws CheckpointException if the tensor is missing, of another type, or above 2^31 elements
   */
  public float[] readFloats(String name) throws IOException {
    TensorEntry entry = entry(name);
    requireFloatingPoint(entry);
    float[] values = new float[elements(entry)];
    readFloats(entry, 0, values, values.length);
    return values;
  }

  /**
   * Elements of a floating-point tensor as floats, in row-major order. F64 is rounded to nearest.
   *
   * @param first index of the first element
   * @param to receives them at its beginning
   * @throws CheckpointException if the tensor is of another type
   */
  public void readFloats(TensorEntry entry, long first, float[] to, int count) throws IOException {
    requireFloatingPoint(entry);
    Objects.checkFromIndexSize(0, count, to.length);
    int elementBytes = entry.dtype().bytes();
    forEachChunk(
        entry,
        first * elementBytes,
        (long) count * elementBytes,
        (chunk, start, length) -> {
          switch (entry.dtype()) {
            case F16 -> HalfPrecision.f16ToF32(chunk, to, start, length);
            case BF16 -> HalfPrecision.bf16ToF32(chunk, to, start, length);
            case F32 -> chunk.asFloatBuffer().get(to, start, length);
            default -> {
              for (int i = start; i < start + length; i++) {
                to[i] = (float) chunk.getDouble();
              }
            }
          }
        });
  }

  /**
   * A whole floating-point tensor as doubles, row-major; exact for every type.
   *
   * @throws CheckpointException if the tensor is missing, of another type, or above 2^31 elements
   */
  public double[] readDoubles(String name) throws IOException {
    TensorEntry entry = entry(name);
    requireFloatingPoint(entry);
    double[] values = new double[elements(entry)];
    forEachChunk(
        entry,
        (chunk, start, count) -> {
          for (int i = start; i < start + count; i++) {
            values[i] =
                switch (entry.dtype()) {
                  case F16 -> HalfPrecision.f16ToF32(chunk.getShort());
                  case BF16 -> HalfPrecision.bf16ToF32(chunk.getShort());
                  case F32 -> chunk.getFloat();
                  default -> chunk.getDouble();
                };
          }
        });
    return values;
  }

  /**
   * A whole integer or boolean tensor as ints, row-major.
   *
   * @throws CheckpointException if the tensor is missing, of another type, above 2^31 elements, or
   *     holds a value that does not fit
   */
  public int[] readInts(String name) throws IOException {
    TensorEntry entry = entry(name);
    if (entry.dtype().isFloatingPoint()) {
      throw wrongType(entry, "I64, I32, I16, I8, U8 or BOOL");
    }
    int[] values = new int[elements(entry)];
    forEachChunk(
        entry,
        (chunk, start, count) -> {
          for (int i = start; i < start + count; i++) {
            values[i] =
                switch (entry.dtype()) {
                  case I64 -> narrow(entry, chunk.getLong());
                  case I32 -> chunk.getInt();
                  case I16 -> chunk.getShort();
                  case I8 -> chunk.get();
                  default -> Byte.toUnsignedInt(chunk.get());
                };
          }
        });
    return values;
  }

  /** A whole tensor of any type as its stored bytes, at most 2 GiB. */
  public byte[] readBytes(String name) throws IOException {
    TensorEntry entry = entry(name);
    if (entry.bytes() > MAX_ARRAY) {
      throw tooLarge(entry);
    }
    byte[] bytes = new byte[(int) entry.bytes()];
    read(entry, 0, ByteBuffer.wrap(bytes));
    return bytes;
  }

  /**
   * Whether a tensor of this file has the type, shape and bytes of a tensor of a file, which may be
   * this one.
   */
  final boolean same(TensorEntry entry, TensorFile file, TensorEntry other) throws IOException {
    if (entry.dtype() != other.dtype() || !entry.shape().equals(other.shape())) {
      return false;
    }
    if (file == this
        && shared().stream().anyMatch(g -> g.contains(entry.name()) && g.contains(other.name()))) {
      return true;
    }
    ByteBuffer mine = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, entry.bytes()));
    ByteBuffer theirs = ByteBuffer.allocate(mine.capacity());
    for (long offset = 0; offset < entry.bytes(); offset += mine.capacity()) {
      int count = (int) Math.min(mine.capacity(), entry.bytes() - offset);
      read(entry, offset, mine.clear().limit(count));
      file.read(other, offset, theirs.clear().limit(count));
      if (!mine.flip().equals(theirs.flip())) {
        return false;
      }
    }
    return true;
  }

  @Override
  public abstract void close() throws IOException;

  @Override
  public String toString() {
    return path + " (" + byName.size() + " tensors)";
  }

  private interface ChunkReader {
    /** Takes {@code count} elements, of which the first is element {@code start} of those read. */
    void take(ByteBuffer chunk, int start, int count);
  }

  private void forEachChunk(TensorEntry entry, ChunkReader reader) throws IOException {
    forEachChunk(entry, 0, entry.bytes(), reader);
  }

  private void forEachChunk(TensorEntry entry, long from, long bytes, ChunkReader reader)
      throws IOException {
    int chunkBytes = (int) Math.min(CHUNK_BYTES, bytes);
    ByteBuffer chunk = ByteBuffer.allocate(chunkBytes).order(ByteOrder.LITTLE_ENDIAN);
    int elementBytes = entry.dtype().bytes();
    for (long offset = 0; offset < bytes; offset += chunkBytes) {
      chunk.clear().limit((int) Math.min(chunkBytes, bytes - offset));
      read(entry, from + offset, chunk);
      chunk.flip();
      reader.take(chunk, (int) (offset / elementBytes), chunk.limit() / elementBytes);
    }
  }

  /** Refuses an entry of another file, and bytes outside of the tensor. */
  final void checkOwn(TensorEntry entry, long offset, long bytes) {
    if (!entry.equals(byName.get(entry.name()))) {
      throw new CheckpointException(
          "%s: expected an entry of this file, found %s. Take it from this file's entries()."
              .formatted(path, entry));
    }
    Objects.checkFromIndexSize(offset, bytes, entry.bytes());
  }

  private int narrow(TensorEntry entry, long value) {
    if (value != (int) value) {
      throw new CheckpointException(
          "%s: expected values of 32 bits in tensor '%s', found %d. Check that the file belongs."
              .formatted(path, entry.name(), value));
    }
    return (int) value;
  }

  private int elements(TensorEntry entry) {
    long elements = entry.shape().elements();
    if (elements > MAX_ARRAY) {
      throw tooLarge(entry);
    }
    return (int) elements;
  }

  private void requireFloatingPoint(TensorEntry entry) {
    if (!entry.dtype().isFloatingPoint()) {
      throw wrongType(entry, Arrays.toString(floatingPointTypes()));
    }
  }

  private static DType[] floatingPointTypes() {
    return Arrays.stream(DType.values()).filter(DType::isFloatingPoint).toArray(DType[]::new);
  }

  private CheckpointException wrongType(TensorEntry entry, String expected) {
    return new CheckpointException(
        "%s: expected tensor '%s' to be one of %s, found %s. Check that the file belongs."
            .formatted(path, entry.name(), expected, entry.dtype()));
  }

  private CheckpointException tooLarge(TensorEntry entry) {
    return new CheckpointException(
        "%s: expected tensor '%s' to fit an array, found %s %s. Read it in windows."
            .formatted(path, entry.name(), entry.dtype(), entry.shape()));
  }
}
