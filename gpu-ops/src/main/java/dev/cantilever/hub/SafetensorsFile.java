package dev.cantilever.hub;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Map;

/**
 * A safetensors file, opened for reading. It trusts nothing: the header is checked whole before
 * {@link #open} returns, so that every entry lies inside the file and no two share a byte.
 *
 * <p>The format is that of huggingface/safetensors: 8 bytes little-endian header length, a JSON
 * header, packed row-major little-endian data.
 */
public final class SafetensorsFile extends TensorFile {

  private static final int LENGTH_BYTES = 8;

  private final FileBytes bytes;
  private final SafetensorsHeader header;
  private final long dataStart;

  private SafetensorsFile(FileBytes bytes, SafetensorsHeader header, long dataStart) {
    super(bytes.path(), header.entries());
    this.bytes = bytes;
    this.header = header;
    this.dataStart = dataStart;
  }

  /**
   * Opens a file and checks its header.
   *
   * @throws CheckpointException if there is no such file or it breaks a rule of the format
   */
  public static SafetensorsFile open(Path path) throws IOException {
    FileBytes bytes = FileBytes.open(path, "a safetensors file");
    try {
      long fileBytes = bytes.size();
      if (fileBytes < LENGTH_BYTES) {
        throw SafetensorsHeader.broken(path, "at least 8 bytes", fileBytes + ": it is truncated");
      }
      ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
      bytes.read(0, length);
      long headerBytes = length.getLong(0);
      long most = Math.min(SafetensorsHeader.MAX_HEADER_BYTES, fileBytes - LENGTH_BYTES);
      if (headerBytes < 0 || headerBytes > most) {
        throw SafetensorsHeader.broken(
            path,
            "a header of at most %d bytes (the file has %d)".formatted(most, fileBytes),
            "a header length of " + Long.toUnsignedString(headerBytes));
      }
      ByteBuffer json = ByteBuffer.allocate((int) headerBytes);
      bytes.read(LENGTH_BYTES, json);
      long dataStart = LENGTH_BYTES + headerBytes;
      SafetensorsHeader header = SafetensorsHeader.parse(path, json.array(), fileBytes - dataStart);
      return new SafetensorsFile(bytes, header, dataStart);
    } catch (IOException | RuntimeException e) {
      bytes.close();
      throw e;
    }
  }

  /** The {@code __metadata__} strings; empty if there are none. */
  @Override
  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * Maps a window of a tensor: a read-only little-endian view of the page cache. Its address space
   * is given back when the buffer is collected; it pins no memory.
   *
   * @param offset bytes from the start of the tensor
   * @param count the size of the window in bytes, below 2 GiB
   */
  public ByteBuffer map(TensorEntry entry, long offset, int count) throws IOException {
    checkOwn(entry, offset, count);
    return bytes.map(dataStart + entry.offset() + offset, count);
  }

  @Override
  public void read(TensorEntry entry, long offset, ByteBuffer to) throws IOException {
    checkOwn(entry, offset, to.remaining());
    bytes.read(dataStart + entry.offset() + offset, to);
  }

  @Override
  public void close() throws IOException {
    bytes.close();
  }
}
