package dev.cantilever.loop;

import dev.cantilever.host.AdapterRef;
import dev.cantilever.hub.StagedDirectory;
import dev.cantilever.prompt.QueryOrder;
import dev.cantilever.rollout.RolloutPolicy;
import dev.cantilever.rollout.StepQueries;
import dev.cantilever.row.Statistic;
import dev.cantilever.row.StepStats;
import dev.cantilever.run.RunLayout;
import dev.cantilever.update.PolicyState;
import dev.cantilever.update.UpdateTask;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.beam.sdk.options.PipelineOptions;

/** PPO over a run directory, from the step after the newest state to the last. */
public final class RlhfLoop {

  private static final double NANOS_PER_SECOND = 1e9;

  private final LoopTask task;
  private final RunLayout layout;
  private final StepQueries queries;
  private final Supplier<? extends PipelineOptions> options;
  private final Checkpoints checkpoints;

  /**
   * @param layout of a run that this process holds
   * @param queries what every step asks
   * @param options makes the options of each pipeline
   */
  public RlhfLoop(
      LoopTask task,
      RunLayout layout,
      StepQueries queries,
      Supplier<? extends PipelineOptions> options) {
    this.task = task;
    this.layout = layout;
    this.queries = queries;
    this.options = options;
    this.checkpoints = new Checkpoints(layout);
  }

  /**
   * Runs what is not done yet.
   *
   * @throws IOException if a file cannot be read or written
   */
  public LoopSummary run(StepListener listener) throws IOException {
    QueryOrder order = queries.order(task.ppo().batch().rows());
    int steps = task.loop().steps() == 0 ? order.stepsPerEpoch() : task.loop().steps();
    checkpoints.deleteLitter();
    int last = checkpoints.lastStep();
    StepLog log = StepLog.open(layout, last);
    listener.begins(last, steps);
    boolean more = last < steps && !tooFar(log.rows());
    while (more) {
      int step = last + 1;
      long began = System.nanoTime();
      RolloutPolicy policy = policy(last);
      Optional<DeviceTimes> device =
          new Iteration(task, layout, policy, update(step, policy))
              .run(options.get(), () -> queries.ofStep(order, step));
      StepStats stats = log.add(step);
      checkpoints.keepNewest(task.loop().keepStates());
      log.finish(stats, new StepTimes((System.nanoTime() - began) / NANOS_PER_SECOND, device));
      listener.finished(stats);
      last = step;
      more = last < steps && !tooFar(log.rows());
    }
    publish(last);
    return new LoopSummary(log.rows(), layout.adapter());
  }

  private boolean tooFar(List<StepStats> done) {
    return !done.isEmpty()
        && task.loop().stopKl().isPresent()
        && done.get(done.size() - 1).get(Statistic.KL) > task.loop().stopKl().get();
  }

  /** The policy after a step: at first the reference, which a fresh adapter equals to the bit. */
  private RolloutPolicy policy(int last) throws IOException {
    List<AdapterRef> adapters = new ArrayList<>(task.reference());
    if (last > 0) {
      adapters.add(checkpoints.adapter(last));
    }
    return new RolloutPolicy(task.device(), task.base(), adapters, task.run(), task.seed());
  }

  private UpdateTask update(int step, RolloutPolicy policy) {
    return new UpdateTask(
        step,
        policy,
        task.lora(),
        task.ppo(),
        task.memory(),
        task.rollout().temperature(),
        step == 1 ? "" : absolute(layout.state(step - 1)),
        absolute(layout.updates(step)),
        absolute(layout.state(step)));
  }

  private static String absolute(Path path) {
    return path.toAbsolutePath().toString();
  }

  private void publish(int last) throws IOException {
    if (Files.exists(layout.adapter())) {
      return;
    }
    try (StagedDirectory staged = StagedDirectory.create(layout.adapter());
        Stream<Path> files = Files.list(PolicyState.adapter(layout.state(last)))) {
      for (Path file : files.sorted().toList()) {
        Files.copy(file, staged.path().resolve(file.getFileName()));
      }
      staged.publish();
    }
  }
}
