package dev.cantilever.merge;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where a merge works: a directory beside the destination, made and deleted by whoever runs the
 * pipeline.
 *
 * @param directory its path, on the file system of the destination
 */
record MergeWork(String directory) implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Makes the folder of the result, before any worker writes to it. */
  static MergeWork in(Path directory) throws IOException {
    MergeWork work = new MergeWork(directory.toString());
    Files.createDirectory(work.result());
    return work;
  }

  /** The result as it grows; renamed onto the destination at the end. */
  Path result() {
    return Path.of(directory, "model");
  }

  /** The summary, which outlives the rename. */
  Path summary() {
    return Path.of(directory, "summary.json");
  }
}
