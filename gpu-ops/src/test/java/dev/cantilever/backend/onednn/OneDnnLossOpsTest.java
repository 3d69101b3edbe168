package dev.cantilever.backend.onednn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Closeness;
import dev.cantilever.backend.LossCase;
import dev.cantilever.backend.LossOpsConformance;
import dev.cantilever.backend.LossRun;
import dev.cantilever.backend.NotFiniteException;
import dev.cantilever.backend.TestTensors;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.MemoryReport;
import dev.cantilever.memory.Purpose;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OneDnnLossOpsTest extends LossOpsConformance {

  private static final int THREADS = 3;

  @Override
  protected Backend open() {
    return OneDnnBackend.create(256L << 20, THREADS, 1 << 20);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 3 * 4 * 100, 10 * 4 * 100 + 7})
  void loss_anyWorkspace_sameBits(long bytes) {
    LossCase c = LossCase.of(33, 100, 8, false, 1);
    LossRun all = new LossRun(backend, tensors, c);
    try (Backend small = OneDnnBackend.create(16L << 20, THREADS, bytes);
        Arena others = small.budget().open("test", Purpose.ACTIVATION)) {
      LossRun some = new LossRun(small, new TestTensors(small, others, 0), c);
      LossRun.Scores expected = all.scores(c.hidden(), c.targets());
      LossRun.Scores found = some.scores(c.hidden(), c.targets());
      Closeness.assertSameBits("log-probabilities", found.logprobs(), expected.logprobs());
      Closeness.assertSameBits("entropies", found.entropy(), expected.entropy());
      Closeness.assertSameBits(
          "gradient",
          some.gradient(c.hidden(), c.dLogprobs(), c.targets()),
          all.gradient(c.hidden(), c.dLogprobs(), c.targets()));
      Closeness.assertSameBits(
          "divergence",
          some.divergence(c.hidden(), c.otherHidden()),
          all.divergence(c.hidden(), c.otherHidden()));
    }
  }

  @Test
  void loss_workspace_holdsNoMoreThanItMayAndKeepsNothing() {
    LossCase c = LossCase.of(64, 128, 2, false, 1);
    long bytes = 5 * 4 * 128;
    float[] bad = c.hidden();
    Arrays.fill(bad, Float.NaN);
    try (Backend small = OneDnnBackend.create(16L << 20, THREADS, bytes);
        Arena others = small.budget().open("test", Purpose.ACTIVATION)) {
      LossRun run = new LossRun(small, new TestTensors(small, others, 0), c);
      for (int again = 0; again < 2; again++) {
        run.scores(c.hidden(), c.targets());
        run.gradient(c.hidden(), c.dLogprobs(), c.targets());
        run.divergence(c.hidden(), c.otherHidden());
        assertThatThrownBy(() -> run.scores(bad, c.targets()))
            .isInstanceOf(NotFiniteException.class);
      }
      assertThat(
              small.budget().report().lines().stream()
                  .filter(line -> line.purpose() == Purpose.WORKSPACE)
                  .mapToLong(MemoryReport.Line::peakBytes)
                  .sum())
          .isEqualTo(bytes);
    }
  }
}
