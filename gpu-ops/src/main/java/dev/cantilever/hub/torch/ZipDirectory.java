package dev.cantilever.hub.torch;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The central directory of a zip container (PKWARE APPNOTE 6.3, sections 4.3 and 4.5.3), zip64 or
 * not. Every entry must be stored uncompressed and unencrypted, agree with its local header, lie
 * before the directory and share no byte with another.
 */
final class ZipDirectory {

  /** Caps of ours; real archives have an entry a tensor, of about 100 bytes. */
  static final int MAX_DIRECTORY_BYTES = 32 << 20;

  static final int MAX_NAME_BYTES = 1024;

  private static final int END = 0x06054b50;
  private static final int END_BYTES = 22;
  private static final int LARGE_LOCATOR = 0x07064b50;
  private static final int LARGE_LOCATOR_BYTES = 20;
  private static final int LARGE_END = 0x06064b50;
  private static final int LARGE_END_BYTES = 56;
  private static final int CENTRAL = 0x02014b50;
  private static final int CENTRAL_BYTES = 46;
  private static final int LOCAL = 0x04034b50;
  private static final int LOCAL_BYTES = 30;
  private static final int MAX_COMMENT = 0xffff;
  private static final int LARGE_FIELD = 0x0001;
  private static final long IN_LARGE_FIELD = 0xffff_ffffL;
  private static final int ENCRYPTED = 1;

  private final ByteSource source;
  private final long sourceBytes;

  private ZipDirectory(ByteSource source) throws IOException {
    this.source = source;
    this.sourceBytes = source.size();
  }

  /** Where the directory lies, and how many entries it is said to have. */
  private record Extent(long position, long bytes, long entries) {}

  /** An entry as the directory has it. */
  private record Central(String name, int flags, int method, int crc32, Sizes sizes) {}

  /** What may have been too large for its field. */
  private record Sizes(long plain, long packed, long local) {}

  /**
   * Reads and checks a directory.
   *
   * @return the entries by name
   * @throws TorchFormatException at the first rule broken
   */
  static Map<String, StoredEntry> read(ByteSource source) throws IOException {
    return new ZipDirectory(source).entries();
  }

  private Map<String, StoredEntry> entries() throws IOException {
    Extent extent = extent();
    if (extent.bytes() > MAX_DIRECTORY_BYTES) {
      throw TorchFormatException.damaged(
          "a zip directory of at most " + MAX_DIRECTORY_BYTES + " bytes",
          String.valueOf(extent.bytes()));
    }
    ByteBuffer directory = bytes(extent.position(), (int) extent.bytes());
    List<Central> listed = new ArrayList<>();
    while (directory.hasRemaining()) {
      listed.add(central(directory));
    }
    if (listed.size() != extent.entries()) {
      throw TorchFormatException.damaged(
          extent.entries() + " entries in the zip directory", String.valueOf(listed.size()));
    }
    listed.sort(Comparator.comparingLong(entry -> entry.sizes().local()));
    Map<String, StoredEntry> entries = new HashMap<>();
    long end = 0;
    for (Central entry : listed) {
      if (entry.sizes().local() < end) {
        throw TorchFormatException.damaged(
            "zip entry '%s' to begin at byte %d or later".formatted(entry.name(), end),
            String.valueOf(entry.sizes().local()));
      }
      StoredEntry stored = stored(entry, extent.position());
      end = stored.position() + stored.bytes();
      if (entries.put(stored.name(), stored) != null) {
        throw TorchFormatException.damaged("each zip entry once", "'" + stored.name() + "' twice");
      }
    }
    return entries;
  }

  private Extent extent() throws IOException {
    int tailBytes = (int) Math.min(sourceBytes, END_BYTES + MAX_COMMENT);
    ByteBuffer tail = bytes(sourceBytes - tailBytes, tailBytes);
    int at = tailBytes - END_BYTES;
    while (at >= 0
        && (tail.getInt(at) != END
            || Short.toUnsignedInt(tail.getShort(at + 20)) != tailBytes - END_BYTES - at)) {
      at--;
    }
    if (at < 0) {
      throw TorchFormatException.damaged(
          "a zip container as PyTorch 1.6 and later write it", "no end of a zip directory");
    }
    long end = sourceBytes - tailBytes + at;
    Extent extent =
        new Extent(
            Integer.toUnsignedLong(tail.getInt(at + 16)),
            Integer.toUnsignedLong(tail.getInt(at + 12)),
            Short.toUnsignedInt(tail.getShort(at + 10)));
    if (end >= LARGE_LOCATOR_BYTES) {
      ByteBuffer locator = bytes(end - LARGE_LOCATOR_BYTES, LARGE_LOCATOR_BYTES);
      if (locator.getInt(0) == LARGE_LOCATOR) {
        end = locator.getLong(8);
        extent = largeExtent(end);
      }
    }
    if (extent.position() < 0
        || extent.bytes() < 0
        || extent.position() > end
        || extent.bytes() > end - extent.position()) {
      throw TorchFormatException.damaged(
          "a zip directory that ends by byte " + end,
          "%d bytes at %d".formatted(extent.bytes(), extent.position()));
    }
    return extent;
  }

  private Extent largeExtent(long position) throws IOException {
    ByteBuffer end = bytes(position, LARGE_END_BYTES);
    if (end.getInt(0) != LARGE_END) {
      throw TorchFormatException.damaged("the end of a zip64 directory", "something else");
    }
    return new Extent(end.getLong(48), end.getLong(40), end.getLong(32));
  }

  private Central central(ByteBuffer directory) {
    int at = directory.position();
    if (directory.remaining() < CENTRAL_BYTES || directory.getInt(at) != CENTRAL) {
      throw TorchFormatException.damaged("an entry of the zip directory", "something else");
    }
    int nameBytes = Short.toUnsignedInt(directory.getShort(at + 28));
    int extraBytes = Short.toUnsignedInt(directory.getShort(at + 30));
    int commentBytes = Short.toUnsignedInt(directory.getShort(at + 32));
    directory.position(at + CENTRAL_BYTES);
    if (nameBytes == 0
        || nameBytes > MAX_NAME_BYTES
        || directory.remaining() < nameBytes + extraBytes + commentBytes) {
      throw TorchFormatException.damaged(
          "names of zip entries of 1 to " + MAX_NAME_BYTES + " bytes inside the directory",
          nameBytes + " bytes");
    }
    byte[] name = new byte[nameBytes];
    directory.get(name);
    Sizes sizes =
        new Sizes(
            Integer.toUnsignedLong(directory.getInt(at + 24)),
            Integer.toUnsignedLong(directory.getInt(at + 20)),
            Integer.toUnsignedLong(directory.getInt(at + 42)));
    ByteBuffer extra =
        directory.slice(directory.position(), extraBytes).order(ByteOrder.LITTLE_ENDIAN);
    directory.position(directory.position() + extraBytes + commentBytes);
    return new Central(
        new String(name, StandardCharsets.UTF_8),
        directory.getShort(at + 8),
        Short.toUnsignedInt(directory.getShort(at + 10)),
        directory.getInt(at + 16),
        large(extra, sizes));
  }

  /** The sizes, those taken from the zip64 field that do not fit theirs. */
  private static Sizes large(ByteBuffer extra, Sizes small) {
    while (extra.remaining() >= 4) {
      int kind = Short.toUnsignedInt(extra.getShort());
      int bytes = Short.toUnsignedInt(extra.getShort());
      if (bytes > extra.remaining()) {
        throw TorchFormatException.damaged(
            "extra fields inside their zip entry", "one of %d bytes".formatted(bytes));
      }
      ByteBuffer field = extra.slice(extra.position(), bytes).order(ByteOrder.LITTLE_ENDIAN);
      extra.position(extra.position() + bytes);
      if (kind == LARGE_FIELD) {
        return new Sizes(
            large(field, small.plain()), large(field, small.packed()), large(field, small.local()));
      }
    }
    return small;
  }

  private static long large(ByteBuffer field, long small) {
    if (small != IN_LARGE_FIELD) {
      return small;
    }
    long value = field.remaining() < Long.BYTES ? -1 : field.getLong();
    if (value < 0) {
      throw TorchFormatException.damaged("sizes in the zip64 field of an entry", "none");
    }
    return value;
  }

  private StoredEntry stored(Central entry, long limit) throws IOException {
    Sizes sizes = entry.sizes();
    if (entry.method() != 0
        || (entry.flags() & ENCRYPTED) != 0
        || sizes.plain() != sizes.packed()) {
      throw TorchFormatException.refused(
          "zip entry '" + entry.name() + "' to be stored as it is",
          "method %d and flags %d: compressed or encrypted"
              .formatted(entry.method(), entry.flags()),
          "Save the model with torch.save or save_pretrained.");
    }
    if (sizes.local() > limit - LOCAL_BYTES) {
      throw outside(entry, limit);
    }
    ByteBuffer local = bytes(sizes.local(), LOCAL_BYTES);
    int nameBytes = Short.toUnsignedInt(local.getShort(26));
    int extraBytes = Short.toUnsignedInt(local.getShort(28));
    long position = sizes.local() + LOCAL_BYTES + nameBytes + extraBytes;
    if (local.getInt(0) != LOCAL || nameBytes > MAX_NAME_BYTES || position > limit) {
      throw outside(entry, limit);
    }
    byte[] name = bytes(sizes.local() + LOCAL_BYTES, nameBytes).array();
    if (!new String(name, StandardCharsets.UTF_8).equals(entry.name())
        || Short.toUnsignedInt(local.getShort(8)) != 0) {
      throw TorchFormatException.damaged(
          "zip entry '" + entry.name() + "' to have the name and method of its local header",
          "another");
    }
    if (sizes.plain() > limit - position) {
      throw outside(entry, limit);
    }
    return new StoredEntry(entry.name(), position, sizes.plain(), entry.crc32());
  }

  private static TorchFormatException outside(Central entry, long limit) {
    return TorchFormatException.damaged(
        "zip entry '%s' to lie before byte %d".formatted(entry.name(), limit),
        "%d bytes, with their header at %d"
            .formatted(entry.sizes().plain(), entry.sizes().local()));
  }

  private ByteBuffer bytes(long position, int count) throws IOException {
    if (position < 0 || position > sourceBytes - count) {
      throw TorchFormatException.damaged(
          "%d bytes of a zip container at byte %d".formatted(count, position),
          sourceBytes + " in all");
    }
    ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
    source.read(position, bytes);
    return bytes.flip();
  }
}
