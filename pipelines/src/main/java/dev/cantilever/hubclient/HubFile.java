package dev.cantilever.hubclient;

import java.util.Optional;

/**
 * A file of a revision, as the hub lists it.
 *
 * @param path within the repository, parted by slashes
 * @param size in bytes
 * @param gitId SHA-1 of the git blob: of the file, or of an LFS file's pointer
 * @param sha256 of an LFS file
 */
record HubFile(String path, long size, String gitId, Optional<String> sha256) {

  /** A hash that content of the file must have. */
  ContentHash hash() {
    return sha256.map(ContentHash::sha256).orElseGet(() -> ContentHash.gitBlob(gitId, size));
  }
}
