package dev.cantilever.loop;

import dev.cantilever.reward.ScoreRollouts;
import dev.cantilever.rollout.GenerateRollouts;
import dev.cantilever.update.UpdatePolicy;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.beam.sdk.metrics.MetricName;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricResults;
import org.apache.beam.sdk.metrics.MetricsFilter;

/**
 * For how long each stage of an iteration held the device, as Beam's counters bring it from the
 * workers: it passes through no file that a second run would have to leave alike.
 *
 * @param rollout seconds under the leases of {@link GenerateRollouts}; 0 where they were committed
 * @param scores seconds under the leases of {@link ScoreRollouts}; 0 where they were committed
 * @param update seconds under the lease of {@link UpdatePolicy}
 */
record DeviceTimes(double rollout, double scores, double update) {

  private static final double NANOS_PER_SECOND = 1e9;

  /**
   * Reads the counters of a pipeline that has ended. Bundles that were tried again count as often
   * as they were tried, as the device did.
   *
   * @return nothing where the runner did not count the update, as Flink with {@code
   *     --disableMetrics}
   */
  static Optional<DeviceTimes> of(MetricResults counted) {
    OptionalLong update = nanos(counted, UpdatePolicy.DEVICE_NANOS);
    return update.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new DeviceTimes(
                nanos(counted, GenerateRollouts.DEVICE_NANOS).orElse(0) / NANOS_PER_SECOND,
                nanos(counted, ScoreRollouts.DEVICE_NANOS).orElse(0) / NANOS_PER_SECOND,
                update.getAsLong() / NANOS_PER_SECOND));
  }

  private static OptionalLong nanos(MetricResults counted, MetricName name) {
    MetricsFilter filter =
        MetricsFilter.builder()
            .addNameFilter(MetricNameFilter.named(name.getNamespace(), name.getName()))
            .build();
    long sum = 0;
    boolean found = false;
    for (MetricResult<Long> counter : counted.queryMetrics(filter).getCounters()) {
      sum += counter.getAttempted();
      found = true;
    }
    return found ? OptionalLong.of(sum) : OptionalLong.empty();
  }

  /** Seconds of all stages. */
  double total() {
    return rollout + scores + update;
  }
}
