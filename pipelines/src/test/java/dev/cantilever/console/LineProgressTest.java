package dev.cantilever.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class LineProgressTest {
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicLong nanos = new AtomicLong();
  private final PrintStream stream = new PrintStream(bytes, true, StandardCharsets.UTF_8);
  private final Console console = new Console(stream, stream, false, nanos::get);

  private List<String> lines() {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }

  private void passSeconds(long seconds) {
    nanos.addAndGet(seconds * 1_000_000_000L);
  }

  @Test
  void advance_manySmallSteps_printsEachTenthOnce() {
    try (Progress progress = console.progress("ppo", "steps", 1000)) {
      for (int i = 0; i < 1000; i++) {
        progress.advance(1);
      }
    }
    assertThat(lines()).hasSize(10);
    assertThat(lines().get(0)).startsWith("ppo: 100/1000 steps (10 %)");
    assertThat(lines().get(9)).startsWith("ppo: 1000/1000 steps (100 %)");
  }

  @Test
  void advance_timeHasPassed_saysRateAndTimeLeft() {
    try (Progress progress = console.progress("ppo", "steps", 50)) {
      passSeconds(10);
      progress.say("kl 3.2");
      progress.advance(5);
      assertThat(lines())
          .containsExactly("ppo: 5/50 steps (10 %), 0.5 steps/s, 1 min 30 s left, kl 3.2");
      passSeconds(90);
      progress.advance(45);
    }
    assertThat(lines().get(1)).contains("50/50 steps (100 %)").contains("took 1 min 40 s");
  }

  @Test
  void advance_slowTask_speaksAtLeastEveryHalfMinute() {
    try (Progress progress = console.progress("load", "tensors", 1000)) {
      passSeconds(29);
      progress.advance(1);
      assertThat(lines()).isEmpty();
      passSeconds(2);
      progress.advance(1);
      assertThat(lines()).hasSize(1);
    }
  }

  @Test
  void close_beforeTheEnd_leavesWhatWasReached() {
    try (Progress progress = console.progress("sft", "rows", 100)) {
      progress.advance(3);
    }
    assertThat(lines()).containsExactly("sft: 3/100 rows (3 %)");
  }

  @Test
  void duration_isReadable() {
    assertThat(LineProgress.duration(8.4)).isEqualTo("8 s");
    assertThat(LineProgress.duration(125)).isEqualTo("2 min 5 s");
    assertThat(LineProgress.duration(12_000)).isEqualTo("3 h 20 min");
  }
}
