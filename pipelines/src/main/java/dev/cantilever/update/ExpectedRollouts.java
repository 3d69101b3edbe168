package dev.cantilever.update;

import dev.cantilever.commit.CommittedRollouts;
import dev.cantilever.manifest.ManifestException;
import dev.cantilever.row.Rollout;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Committed rollouts held to what an update expects of them. */
final class ExpectedRollouts {
  private ExpectedRollouts() {}

  /**
   * Reads the rollouts of an update.
   *
   * @throws ManifestException if their number differs, or they are another policy's
   */
  static List<Rollout> read(Path manifest, UpdateTask task) throws IOException {
    List<Rollout> rollouts = CommittedRollouts.read(manifest);
    int expected = task.ppo().batch().rows();
    if (rollouts.size() != expected) {
      throw new ManifestException(
          manifest
              + ": expected "
              + expected
              + " rollouts, the rows of a batch, found "
              + rollouts.size()
              + ". Delete the step's directory, and its rollouts are made again.");
    }
    String adapters = task.policy().adapterDigest();
    for (Rollout rollout : rollouts) {
      if (rollout.step() != task.step()
          || !rollout.provenance().adapterDigest().equals(adapters)
          || !rollout.provenance().baseDigest().equals(task.policy().base().digest())) {
        throw new ManifestException(
            manifest
                + ": expected rollouts of step "
                + task.step()
                + " by the policy whose adapters have digest "
                + adapters
                + ", found query "
                + rollout.queryId()
                + " of step "
                + rollout.step()
                + " by "
                + rollout.provenance().adapterDigest()
                + ". Delete the step's directory, and its rollouts are made again.");
      }
    }
    return rollouts;
  }
}
