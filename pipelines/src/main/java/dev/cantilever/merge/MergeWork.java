package dev.cantilever.merge;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.manifest.AtomicFile;
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
    MergeWork work = at(directory);
    Files.createDirectory(work.result());
    return work;
  }

  static MergeWork at(Path directory) {
    return new MergeWork(directory.toString());
  }

  /** The result as it grows; renamed onto the destination at the end. */
  Path result() {
    return Path.of(directory, "model");
  }

  /** Keeps the summary where it outlives the rename. */
  void writeSummary(MergeSummary summary) throws IOException {
    AtomicFile.write(summaryFile(), new ObjectMapper().writeValueAsBytes(summary));
  }

  MergeSummary readSummary() throws IOException {
    return new ObjectMapper().readValue(summaryFile().toFile(), MergeSummary.class);
  }

  private Path summaryFile() {
    return Path.of(directory, "summary.json");
  }
}
