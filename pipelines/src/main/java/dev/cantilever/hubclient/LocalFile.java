package dev.cantilever.hubclient;

import java.nio.file.Path;

/**
 * A file to push.
 *
 * @param path where it is
 * @param name within the repository, parted by slashes
 * @param size in bytes
 */
record LocalFile(Path path, String name, long size) {}
