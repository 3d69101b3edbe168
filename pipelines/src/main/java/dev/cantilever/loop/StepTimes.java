package dev.cantilever.loop;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The seconds of a PPO iteration, on the loop's clock and on the devices'.
 *
 * @param iteration from the choice of the pipeline to the end of the step, its row in {@code
 *     steps.parquet} and the removal of old states included
 * @param device the part of it in which the device worked; absent where the runner did not count
 */
record StepTimes(double iteration, Optional<DeviceTimes> device) {

  /**
   * The statistics by name, each in seconds.
   *
   * <ul>
   *   <li>{@code time/iteration}: the whole;
   *   <li>{@code time/rollout}, {@code time/scores}, {@code time/update}: under the stage's leases
   *       of the device. What a lease loads is part of it (models in the first step, adapters in
   *       every one), and so are tokenizing, and downloading and writing the trained tensors;
   *   <li>{@code time/pipeline}: the rest, which is Beam, Parquet, manifests, digests and waiting.
   * </ul>
   *
   * <p>The four are left out where the runner did not count. Where devices of several processes
   * work at once, their seconds add up: {@code time/pipeline} is then too small by what overlaps,
   * and may be below 0.
   */
  Map<String, Double> statistics() {
    Map<String, Double> statistics = new LinkedHashMap<>();
    statistics.put("time/iteration", iteration);
    device.ifPresent(
        part -> {
          statistics.put("time/rollout", part.rollout());
          statistics.put("time/scores", part.scores());
          statistics.put("time/update", part.update());
          statistics.put("time/pipeline", iteration - part.total());
        });
    return statistics;
  }
}
