package dev.cantilever.hubclient;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * The hash that a file must have.
 *
 * @param algorithm as Java names it
 * @param header what is hashed before the content
 * @param hex the hash in lower case
 */
record ContentHash(String algorithm, String header, String hex) {

  private static final int BUFFER_BYTES = 1 << 16;

  static ContentHash sha256(String hex) {
    return new ContentHash("SHA-256", "", hex);
  }

  /** Git's name of a file's content: SHA-1 over its size and its bytes. */
  static ContentHash gitBlob(String hex, long size) {
    return new ContentHash("SHA-1", "blob " + size + "\0", hex);
  }

  /** The hash that a file has by the same rule. */
  String of(Path file) throws IOException {
    try (InputStream bytes = Files.newInputStream(file)) {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(header.getBytes(StandardCharsets.US_ASCII));
      byte[] buffer = new byte[BUFFER_BYTES];
      for (int n = bytes.read(buffer); n >= 0; n = bytes.read(buffer)) {
        digest.update(buffer, 0, n);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Java without " + algorithm, e);
    }
  }

  boolean matches(Path file) throws IOException {
    return of(file).equals(hex);
  }
}
