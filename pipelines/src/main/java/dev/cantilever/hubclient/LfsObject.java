package dev.cantilever.hubclient;

import java.io.IOException;

/**
 * A file as LFS knows it.
 *
 * @param file the file
 * @param sha256 of its content, which is its name in LFS
 */
record LfsObject(LocalFile file, String sha256) {

  /** Reads the file once. */
  static LfsObject of(LocalFile file) throws IOException {
    return new LfsObject(file, ContentHash.sha256("").of(file.path()));
  }
}
