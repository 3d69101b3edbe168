package dev.cantilever.sample;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** A line of {@code samples.sha256}: digest, bytes, and path below this package's resources. */
record SampleFile(String sha256, long bytes, String path) {

  private static final String LIST = "samples.sha256";
  private static final int BUFFER_BYTES = 1 << 16;

  /** The files of a sample. */
  static List<SampleFile> of(EmbeddedSample sample) throws IOException {
    try (InputStream list = resource(LIST)) {
      return new String(list.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .map(line -> line.split(" +", 3))
          .map(parts -> new SampleFile(parts[0], Long.parseLong(parts[1]), parts[2]))
          .filter(file -> file.path().startsWith(sample.folder() + "/"))
          .toList();
    }
  }

  /** The file's name within its sample. */
  String name() {
    return path.substring(path.indexOf('/') + 1);
  }

  boolean isPacked() {
    return SampleFile.class.getResource(path) != null;
  }

  InputStream open() throws IOException {
    return resource(path);
  }

  /** Whether the file on disk has the stated size and digest. */
  boolean isIntact(Path onDisk) throws IOException {
    if (!Files.isRegularFile(onDisk) || Files.size(onDisk) != bytes) {
      return false;
    }
    try (InputStream content = Files.newInputStream(onDisk)) {
      return digest(content).equals(sha256);
    }
  }

  private static String digest(InputStream content) throws IOException {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("every Java platform has SHA-256", e);
    }
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int read = content.read(buffer); read >= 0; read = content.read(buffer)) {
      digest.update(buffer, 0, read);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private static InputStream resource(String name) throws IOException {
    InputStream resource = SampleFile.class.getResourceAsStream(name);
    if (resource == null) {
      throw new IOException(
          "Expected the resource " + name + " in the jar, found none; build the jar again.");
    }
    return resource;
  }
}
