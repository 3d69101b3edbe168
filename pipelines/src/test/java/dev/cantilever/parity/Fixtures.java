package dev.cantilever.parity;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** The reference folders, which lie in the test resources of {@code gpu-ops}. */
public final class Fixtures {
  private static final Path ROOT = Path.of("..", "gpu-ops", "src", "test", "resources", "fixtures");

  private Fixtures() {}

  /** The folder of a fixture. */
  public static Path path(String name) {
    return ROOT.resolve(name);
  }

  /** Copies a fixture with all it holds into a folder that exists. */
  public static void copy(String name, Path target) throws IOException {
    Path source = path(name);
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = target.resolve(source.relativize(file));
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
  }

  /** Adds to the last number of a file whose last tensor is in F32. */
  public static void addToLastFloat(Path file, float change) throws IOException {
    try (RandomAccessFile bytes = new RandomAccessFile(file.toFile(), "rw")) {
      bytes.seek(bytes.length() - Float.BYTES);
      float value = Float.intBitsToFloat(Integer.reverseBytes(bytes.readInt()));
      bytes.seek(bytes.length() - Float.BYTES);
      bytes.writeInt(Integer.reverseBytes(Float.floatToRawIntBits(value + change)));
    }
  }
}
