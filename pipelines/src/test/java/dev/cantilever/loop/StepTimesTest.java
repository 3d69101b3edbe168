package dev.cantilever.loop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class StepTimesTest {

  @Test
  void statistics_counted_pipelineIsWhatTheDeviceLeaves() {
    StepTimes times = new StepTimes(4, Optional.of(new DeviceTimes(1, 0.5, 2)));
    assertThat(times.statistics())
        .containsExactly(
            entry("time/iteration", 4.0),
            entry("time/rollout", 1.0),
            entry("time/scores", 0.5),
            entry("time/update", 2.0),
            entry("time/pipeline", 0.5));
  }

  @Test
  void statistics_notCounted_onlyTheWhole() {
    assertThat(new StepTimes(4, Optional.empty()).statistics())
        .containsExactly(entry("time/iteration", 4.0));
  }
}
