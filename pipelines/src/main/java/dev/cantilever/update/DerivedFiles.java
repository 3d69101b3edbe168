package dev.cantilever.update;

import dev.cantilever.codec.RecordSchema;
import dev.cantilever.codec.Schemas;
import dev.cantilever.codec.StagedParquet;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.StepStats;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** {@code updates/step=…}: a row per rollout and a row for the step, committed by a manifest. */
public final class DerivedFiles {

  /** A row per rollout. */
  public static final String UPDATES = "updates.parquet";

  /** One row: the step's statistics. */
  public static final String STATISTICS = "statistics.parquet";

  private static final String KIND = "updates";

  private DerivedFiles() {}

  static void commit(UpdateTask task, StepOutcome outcome, String adapterDigest)
      throws IOException {
    Path directory = Files.createDirectories(Path.of(task.updatesDirectory()));
    StepStats stats =
        new StepStats(
            task.policy().run(),
            task.step(),
            task.policy().seed(),
            adapterDigest,
            outcome.statistics());
    List<FileEntry> files =
        List.of(
            write(directory.resolve(UPDATES), Schemas.ROLLOUT_UPDATE, outcome.updates()),
            write(directory.resolve(STATISTICS), Schemas.STEP_STATS, List.of(stats)));
    CommitDirectory.at(directory)
        .commit(
            new CommitManifest(
                KIND,
                task.policy().run(),
                task.step(),
                0,
                files,
                Map.of("adapter_digest", adapterDigest)));
  }

  private static <T> FileEntry write(Path file, RecordSchema<T> schema, List<T> records)
      throws IOException {
    StagedParquet.write(schema, file, records);
    return FileEntry.of(file, records.size());
  }
}
