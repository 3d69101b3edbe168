package dev.cantilever.evaluate;

import dev.cantilever.commit.CommitRollouts;
import dev.cantilever.commit.CommitSpec;
import dev.cantilever.commit.CommittedRollouts;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.rehearsal.RunMemory;
import dev.cantilever.reward.Judge;
import dev.cantilever.reward.ScoreRollouts;
import dev.cantilever.rollout.GenerateRollouts;
import dev.cantilever.rollout.RolloutPolicy;
import dev.cantilever.rollout.RolloutSpec;
import dev.cantilever.row.Query;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Create;

/** Samples and scores a response to each fixed prompt. */
public final class PolicyEvaluation {
  private PolicyEvaluation() {}

  /**
   * Evaluates a policy, or reads back what an earlier run committed.
   *
   * @param memory how the stages take the device's memory
   * @param prompts of step 0
   * @param directory where its rollouts are committed
   */
  public static Evaluation run(
      RolloutPolicy policy,
      RolloutSpec rollout,
      Judge judge,
      RunMemory memory,
      List<Query> prompts,
      Path directory,
      PipelineOptions options)
      throws IOException {
    CommitDirectory commit = CommitDirectory.at(directory);
    if (!commit.isCommitted()) {
      commit.deleteLitter();
      Pipeline pipeline = Pipeline.create(options);
      pipeline
          .apply("Fixed prompts", Create.of(prompts))
          .apply(GenerateRollouts.from(policy, rollout, memory))
          .apply(ScoreRollouts.by(judge, memory.classifier()))
          .apply(
              CommitRollouts.as(
                  new CommitSpec(
                      directory.toAbsolutePath().toString(),
                      policy.run(),
                      0,
                      prompts.size(),
                      Map.of(
                          "adapter_digest", policy.adapterDigest(),
                          "base_digest", policy.base().digest()))));
      pipeline.run().waitUntilFinish();
    }
    return new Evaluation(CommittedRollouts.read(commit.manifestPath()));
  }
}
