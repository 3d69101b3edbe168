package dev.cantilever.bench;

import dev.cantilever.backend.DriverReading;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.rehearsal.CheckpointReading;
import dev.cantilever.rehearsal.DeviceCeilings;
import dev.cantilever.rehearsal.MemoryPlan;
import dev.cantilever.rehearsal.StepWork;
import java.util.List;
import java.util.Optional;
import java.util.function.ToDoubleFunction;

/**
 * What was measured.
 *
 * @param options what was asked for
 * @param device name of the device
 * @param plan made before anything was loaded
 * @param memory the arenas afterwards
 * @param driver the reading with the most memory of those taken after each phase; nothing where the
 *     device has no driver to ask
 * @param loadSeconds of the base, and of what is made fresh on it
 * @param baseSeconds of the base alone
 * @param reading a plain read of the checkpoint that was loaded; nothing where weights are drawn
 * @param ceilings of the device, measured before
 * @param work the least there is to do
 * @param steps the measured steps
 * @param exact whether the identities were asserted: ratio 1, and KL 0 of the fresh adapter
 * @param adapterDigest SHA-256 of the adapter after the last step
 */
public record BenchReport(
    BenchOptions options,
    String device,
    MemoryPlan plan,
    MemoryReport memory,
    Optional<DriverReading> driver,
    double loadSeconds,
    double baseSeconds,
    Optional<CheckpointReading> reading,
    DeviceCeilings ceilings,
    StepWork work,
    List<StepSeconds> steps,
    boolean exact,
    String adapterDigest) {

  /** Copies the list. */
  public BenchReport {
    steps = List.copyOf(steps);
  }

  /** The median over the measured steps, of two in the middle their mean. */
  public double median(ToDoubleFunction<StepSeconds> seconds) {
    double[] sorted = steps.stream().mapToDouble(seconds).sorted().toArray();
    int half = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }

  /** Seconds of a rollout for each token of a response, the queries' own pass included. */
  public double secondsPerToken() {
    return median(StepSeconds::rollout)
        / ((double) work.rounds() * options.workload().responseTokens());
  }

  /** Seconds of a step of decoding alone; 0 for responses of one token. */
  public double decodeSeconds() {
    return work.decodeSteps() == 0
        ? 0
        : median(step -> step.rollout() - step.prefill())
            / ((double) work.rounds() * work.decodeSteps());
  }

  /** Tokens generated in a second. */
  public double tokensPerSecond() {
    return (double) options.workload().rows()
        * options.workload().responseTokens()
        / median(StepSeconds::rollout);
  }

  /** The least seconds of a phase on a device of the measured ceilings. */
  public double floorSeconds(BenchPhase phase) {
    return switch (phase) {
      case ROLLOUT -> work.rolloutSeconds(ceilings);
      case SCORE -> work.scoreSeconds(ceilings);
      case UPDATE -> work.updateSeconds(ceilings);
      case STEP ->
          work.rolloutSeconds(ceilings)
              + work.scoreSeconds(ceilings)
              + work.updateSeconds(ceilings);
    };
  }

  /** The median seconds of a phase. */
  public double seconds(BenchPhase phase) {
    return switch (phase) {
      case ROLLOUT -> median(StepSeconds::rollout);
      case SCORE -> median(StepSeconds::score);
      case UPDATE -> median(StepSeconds::update);
      case STEP -> median(StepSeconds::step);
    };
  }

  /** Bytes read in a second of decoding, over what a copy moves. */
  public double decodeBandwidthShare() {
    return work.decodeStep().bytes() / decodeSeconds() / ceilings.bytesPerSecond();
  }

  /** Operations credited in a second of scoring, over what a product does. */
  public double scoreRateShare() {
    return work.score().flops()
        * work.scorePasses()
        / seconds(BenchPhase.SCORE)
        / ceilings.flopsPerSecond();
  }

  /** Operations credited in a second of updating, over what a product does. */
  public double updateRateShare() {
    return work.miniBatch().flops()
        * work.miniBatches()
        / seconds(BenchPhase.UPDATE)
        / ceilings.flopsPerSecond();
  }
}
