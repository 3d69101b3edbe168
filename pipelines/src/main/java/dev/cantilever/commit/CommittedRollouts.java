package dev.cantilever.commit;

import dev.cantilever.codec.ParquetRecordReader;
import dev.cantilever.codec.Schemas;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.FileEntry;
import dev.cantilever.row.Rollout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The rollouts that a manifest names, in the order of their query ids. */
public final class CommittedRollouts {
  private CommittedRollouts() {}

  /**
   * Reads them; files are verified against the manifest.
   *
   * @param manifest path of the manifest
   * @throws dev.cantilever.manifest.ManifestException if a file is missing or altered
   */
  public static List<Rollout> read(Path manifest) throws IOException {
    CommitDirectory directory = CommitDirectory.ofManifest(manifest);
    List<Rollout> rollouts = new ArrayList<>();
    for (FileEntry file : directory.readVerified().files()) {
      rollouts.addAll(ParquetRecordReader.readAll(Schemas.ROLLOUT, directory.resolve(file)));
    }
    rollouts.sort(Comparator.comparingLong(Rollout::queryId));
    return rollouts;
  }
}
