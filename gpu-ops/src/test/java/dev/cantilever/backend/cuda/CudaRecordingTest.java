package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.Recording;
import dev.cantilever.backend.RecordingConformance;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestReporter;

@RequiresCuda
class CudaRecordingTest extends RecordingConformance {

  /** Launches of a decoding step of 44 layers, and more than that. */
  private static final int LAUNCHES = 1200;

  /** Recordings that a generation keeps. */
  private static final int KEPT = 8;

  /** What is left of {@link CudaProfile#CONTEXT_BYTES} beside a context with all its kernels. */
  private static final long SPARE_BYTES = 58L << 20;

  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }

  @Test
  void operations_afterTheFirstRun_areNotCalledAgain() {
    Tensor one = tensors.of(new float[] {1}, 1);
    Tensor y = tensors.of(new float[1], 1);
    int[] calls = new int[1];
    try (Recording recording =
        backend.record(
            () -> {
              calls[0]++;
              backend.activation().add(y, y, one);
            })) {
      for (int run = 0; run < 10; run++) {
        recording.run();
      }
    }
    assertThat(tensors.read(y)).containsExactly(10);
    assertThat(calls[0]).isEqualTo(1);
  }

  @Test
  void operations_thatTouchTheHost_areRefusedWhereTheyAreWrittenDown() {
    Tensor y = tensors.of(new float[1], 1);
    assertRefused(() -> backend.transfers().upload(y, new float[1]), "copies from the host");
    assertRefused(() -> backend.transfers().download(new float[1], y), "copies to the host");
    assertRefused(() -> backend.synchronize(), "waits for the device");
    assertThat(tensors.read(y)).containsExactly(0);
  }

  private void assertRefused(Runnable operations, String what) {
    try (Recording recording = backend.record(operations)) {
      assertThatThrownBy(recording::run)
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining(what);
    }
  }

  @Test
  void run_closed_isRefused() {
    Recording recording = backend.record(() -> {});
    recording.close();
    recording.close();
    assertThatThrownBy(recording::run).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(recording::prepare).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void graphs_ofAsManyDecodingStepsAsAreKept_fitWhatTheContextLeaves(TestReporter reporter) {
    Tensor one = tensors.of(new float[] {1}, 1);
    Tensor y = tensors.of(new float[1], 1);
    Runnable operations =
        () -> {
          for (int launch = 0; launch < LAUNCHES; launch++) {
            backend.activation().add(y, y, one);
          }
        };
    operations.run();
    backend.synchronize();
    long before = backend.driverReading().orElseThrow().processBytes();
    Deque<Recording> kept = new ArrayDeque<>();
    try {
      while (kept.size() < KEPT) {
        Recording recording = backend.record(operations);
        kept.push(recording);
        for (int run = 0; run < 3; run++) {
          recording.run();
        }
        backend.synchronize();
        long taken = backend.driverReading().orElseThrow().processBytes() - before;
        String what = "bytes of %d graphs of %d launches".formatted(kept.size(), LAUNCHES);
        reporter.publishEntry(what, String.valueOf(taken));
        assertThat(taken).as(what).isLessThan(SPARE_BYTES);
      }
    } finally {
      kept.forEach(Recording::close);
    }
  }
}
