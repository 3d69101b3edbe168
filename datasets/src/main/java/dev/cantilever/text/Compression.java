package dev.cantilever.text;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** How the bytes of a file are wrapped; told by the first bytes, never by the name. */
enum Compression {
  PLAIN,
  GZIP,
  ZSTD;

  private static final int MAGIC_BYTES = 4;
  private static final int BUFFER_BYTES = 1 << 16;

  /** What is done with the unwrapped bytes of a file. */
  interface Content<T> {
    T from(InputStream bytes) throws IOException;
  }

  /**
   * Reads a file's content, whatever it is wrapped in.
   *
   * @throws DatasetException if the file is missing or its wrapping is damaged
   */
  static <T> T read(Path file, Content<T> content) throws IOException {
    try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES)) {
      bytes.mark(MAGIC_BYTES);
      byte[] magic = bytes.readNBytes(MAGIC_BYTES);
      bytes.reset();
      try (InputStream unwrapped = of(magic).unwrap(bytes)) {
        return content.from(unwrapped);
      }
    } catch (NoSuchFileException e) {
      throw new DatasetException(
          file.toString(), "a file", "nothing there", "Check the path and its spelling", e);
    } catch (ZipException | ZstdIOException | EOFException e) {
      throw new DatasetException(
          file.toString(),
          "whole gzip or zstd data, as its first bytes announce",
          "damaged or truncated data (" + e.getMessage() + ")",
          "Fetch or compress the file again",
          e);
    }
  }

  private InputStream unwrap(InputStream bytes) throws IOException {
    return switch (this) {
      case PLAIN -> bytes;
      case GZIP -> new GZIPInputStream(bytes, BUFFER_BYTES);
      case ZSTD -> new ZstdInputStream(bytes);
    };
  }

  /** The wrapping that a file's first bytes announce. */
  private static Compression of(byte[] magic) {
    if (magic.length >= 2 && (magic[0] & 0xFF) == 0x1F && (magic[1] & 0xFF) == 0x8B) {
      return GZIP;
    }
    if (magic.length >= 4
        && (magic[0] & 0xFF) == 0x28
        && (magic[1] & 0xFF) == 0xB5
        && (magic[2] & 0xFF) == 0x2F
        && (magic[3] & 0xFF) == 0xFD) {
      return ZSTD;
    }
    return PLAIN;
  }

  /** A file's name in lower case without a suffix that speaks of compression. */
  static String bareName(Path file) {
    String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
    for (String suffix : new String[] {".gz", ".gzip", ".zst", ".zstd"}) {
      if (name.endsWith(suffix)) {
        return name.substring(0, name.length() - suffix.length());
      }
    }
    return name;
  }
}
