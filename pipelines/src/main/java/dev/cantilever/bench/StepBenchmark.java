package dev.cantilever.bench;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.DriverReading;
import dev.cantilever.host.LoadWatcher;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.model.PassMemory;
import dev.cantilever.model.PolicyScores;
import dev.cantilever.model.WeightSource;
import dev.cantilever.ppo.PpoSpec;
import dev.cantilever.ppo.StepSizeSpec;
import dev.cantilever.rehearsal.CheckpointReading;
import dev.cantilever.rehearsal.DeviceCeilings;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.rehearsal.MemoryPlanner;
import dev.cantilever.rehearsal.RehearsedPolicy;
import dev.cantilever.rehearsal.StepRehearsal;
import dev.cantilever.rehearsal.StepSize;
import dev.cantilever.rehearsal.StepWork;
import dev.cantilever.rehearsal.SyntheticRows;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** Measures PPO steps: plan first, then a step to warm up, then those that count. */
public final class StepBenchmark {

  private static final double NANOS_PER_SECOND = 1e9;

  private final BenchOptions options;
  private final Optional<ModelDirectory> checkpoint;
  private final WeightSource source;
  private final PpoSpec ppo;
  private final Consumer<String> progress;
  private final LoadWatcher loads;
  private Optional<DriverReading> highest = Optional.empty();

  /**
   * A benchmark.
   *
   * @param checkpoint of the model, open until this is done; where there is none, weights are drawn
   *     from the workload's seed
   * @param progress takes a line where something is done that takes long
   * @param loads shows how far the checkpoint is loaded
   */
  public StepBenchmark(
      BenchOptions options,
      Optional<ModelDirectory> checkpoint,
      Consumer<String> progress,
      LoadWatcher loads) {
    this.options = options;
    this.checkpoint = checkpoint;
    this.source =
        checkpoint
            .map(WeightSource::of)
            .orElseGet(() -> WeightSource.synthetic(options.model(), options.workload().seed()));
    this.ppo = PpoObjective.settings(options.workload());
    this.progress = progress;
    this.loads = loads;
  }

  /** What the step will take of the device's memory, and whether it fits; loads nothing. */
  public MemoryPlan plan() throws IOException {
    return new MemoryPlanner(options.backend(), source, options.workload())
        .plan(options.budgetBytes(), options.most());
  }

  /**
   * Measures under the settings of a plan that fits, on what the plan says the process will take:
   * what does not fit that, fails.
   *
   * @throws dev.cantilever.backend.DeviceException if the device is not there
   * @throws dev.cantilever.ppo.PpoException if an identity does not hold
   */
  public BenchReport measure(MemoryPlan plan) throws IOException {
    DeviceCeilings ceilings;
    try (Backend backend = Backends.open(options.backend(), plan.processBytes())) {
      progress.accept("measuring the ceilings of " + backend.device());
      ceilings = DeviceCeilings.measure(backend);
    }
    Optional<CheckpointReading> reading = readPlainly();
    try (Backend backend = Backends.open(options.backend(), plan.processBytes())) {
      long began = System.nanoTime();
      try (RehearsedPolicy policy = load(backend)) {
        backend.synchronize();
        double loadSeconds = secondsSince(began);
        read(backend);
        StepWork work = StepWork.of(policy, options.workload(), plan.settings());
        List<StepSeconds> steps =
            steps(new StepRehearsal(policy, options.workload(), plan.settings()), backend);
        return new BenchReport(
            options,
            backend.device(),
            plan,
            backend.budget().report(),
            highest,
            loadSeconds,
            policy.loadSeconds(),
            reading,
            ceilings,
            work,
            steps,
            PpoObjective.isExact(options.workload()),
            policy.adapterDigest());
      }
    }
  }

  private RehearsedPolicy load(Backend backend) throws IOException {
    if (checkpoint.isEmpty()) {
      progress.accept("drawing the weights");
      return RehearsedPolicy.open(backend, source, options.workload(), stepSize());
    }
    try (LoadWatcher.Watched watched = loads.begin(checkpoint.get())) {
      WeightSource shown = WeightSource.of(checkpoint.get(), watched::read);
      return RehearsedPolicy.open(backend, shown, options.workload(), stepSize());
    }
  }

  private Optional<CheckpointReading> readPlainly() throws IOException {
    if (checkpoint.isEmpty()) {
      return Optional.empty();
    }
    progress.accept("reading the files of " + checkpoint.get().path());
    return Optional.of(CheckpointReading.measure(checkpoint.get()));
  }

  private StepSize stepSize() {
    StepSizeSpec spec = ppo.stepSize();
    return new StepSize(
        spec.learningRate(), spec.valueHeadLearningRate(), spec.maxGradNormOrInfinity());
  }

  private List<StepSeconds> steps(StepRehearsal rehearsal, Backend backend) {
    List<StepSeconds> measured = new ArrayList<>();
    for (int step = 0; step <= options.steps(); step++) {
      StepSeconds seconds = step(rehearsal, backend, step);
      progress.accept(
          "%s %.3f s".formatted(step == 0 ? "warm-up" : "step " + step, seconds.step()));
      if (step > 0) {
        measured.add(seconds);
      }
    }
    return measured;
  }

  private StepSeconds step(StepRehearsal rehearsal, Backend backend, int step) {
    BenchPhase phase = options.phase();
    SyntheticRows rows = rehearsal.rows(step);
    double prefill = 0;
    double rollout = 0;
    double score = 0;
    double update = 0;
    if (phase.includes(BenchPhase.ROLLOUT)) {
      long began = System.nanoTime();
      rehearsal.prefill(rows, step);
      prefill = secondsSince(began);
      began = System.nanoTime();
      rows = rehearsal.rollout(rows, step);
      rollout = secondsSince(began);
      read(backend);
    }
    if (phase != BenchPhase.ROLLOUT) {
      try (PassMemory memory = rehearsal.openUpdate()) {
        long began = System.nanoTime();
        PolicyScores scores = rehearsal.score(memory, rows);
        score = phase.includes(BenchPhase.SCORE) ? secondsSince(began) : 0;
        read(backend);
        began = System.nanoTime();
        PpoObjective objective = PpoObjective.of(ppo, options.workload(), step, scores);
        if (phase.includes(BenchPhase.UPDATE)) {
          rehearsal.update(memory, rows, objective);
          update = secondsSince(began);
          read(backend);
        }
      }
    }
    return new StepSeconds(prefill, rollout, score, update);
  }

  private void read(Backend backend) {
    backend
        .driverReading()
        .filter(now -> highest.map(most -> now.processBytes() > most.processBytes()).orElse(true))
        .ifPresent(now -> highest = Optional.of(now));
  }

  private static double secondsSince(long began) {
    return (System.nanoTime() - began) / NANOS_PER_SECOND;
  }
}
