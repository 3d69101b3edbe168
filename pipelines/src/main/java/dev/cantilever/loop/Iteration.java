package dev.cantilever.loop;

import dev.cantilever.commit.CommitRollouts;
import dev.cantilever.commit.CommitSpec;
import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.FileTree;
import dev.cantilever.manifest.ManifestException;
import dev.cantilever.reward.ScoreRollouts;
import dev.cantilever.rollout.GenerateRollouts;
import dev.cantilever.rollout.RolloutPolicy;
import dev.cantilever.row.Query;
import dev.cantilever.run.RunLayout;
import dev.cantilever.update.UpdatePolicy;
import dev.cantilever.update.UpdateTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.PCollection;

/** One PPO step as one pipeline, or its second half where the first is committed. */
final class Iteration {

  private final LoopTask task;
  private final RunLayout layout;
  private final RolloutPolicy policy;
  private final UpdateTask update;
  private final int step;

  Iteration(LoopTask task, RunLayout layout, RolloutPolicy policy, UpdateTask update) {
    this.task = task;
    this.layout = layout;
    this.policy = policy;
    this.update = update;
    this.step = update.step();
  }

  /**
   * Runs the pipeline to its end.
   *
   * @param queries asked for only if the step's rollouts are to be made
   * @return how long the device worked, where the runner counted
   * @throws ManifestException if the pipeline ended without a state
   */
  Optional<DeviceTimes> run(PipelineOptions options, Supplier<List<Query>> queries)
      throws IOException {
    CommitDirectory rollouts = CommitDirectory.at(layout.rollouts(step));
    rollouts.deleteLitter();
    if (Files.exists(layout.updates(step))) { // of an update that did not get to its state
      FileTree.delete(layout.updates(step));
    }
    Pipeline pipeline = Pipeline.create(options);
    PCollection<String> manifest =
        rollouts.isCommitted()
            ? pipeline.apply(
                "Committed rollouts",
                Create.of(rollouts.manifestPath().toAbsolutePath().toString())
                    .withCoder(StringUtf8Coder.of()))
            : rollouts(pipeline, queries.get());
    manifest.apply(UpdatePolicy.as(update));
    PipelineResult result = pipeline.run();
    PipelineResult.State ended = result.waitUntilFinish();
    Path state = layout.state(step);
    if (ended != PipelineResult.State.DONE || !Files.exists(state)) {
      throw new ManifestException(
          state
              + ": expected the state of step "
              + step
              + ", found none, and the pipeline ended as "
              + ended
              + ". Look at the runner's log, then run the command again; committed rollouts stay.");
    }
    return DeviceTimes.of(result.metrics());
  }

  private PCollection<String> rollouts(Pipeline pipeline, List<Query> queries) {
    CommitSpec commit =
        new CommitSpec(
            layout.rollouts(step).toAbsolutePath().toString(),
            task.run(),
            step,
            queries.size(),
            Map.of(
                "adapter_digest", policy.adapterDigest(), "base_digest", policy.base().digest()));
    return pipeline
        .apply("Queries", Create.of(queries))
        .apply(GenerateRollouts.from(policy, task.rollout(), task.memory()))
        .apply(ScoreRollouts.by(task.judge(), task.memory().classifier()))
        .apply(CommitRollouts.as(commit));
  }
}
