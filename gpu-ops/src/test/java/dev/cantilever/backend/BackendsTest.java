package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is said where there is no NVIDIA GPU; not run where there is one. */
class BackendsTest {

  @BeforeEach
  void requireNoGpu() {
    assumeThat(Path.of("/dev/nvidiactl")).doesNotExist();
  }

  @Test
  void cudaDevices_withoutAGpu_areNone() {
    assertThat(Backends.cudaDevices()).isZero();
  }

  @Test
  void open_cudaWithoutAGpu_saysWhatIsMissingEachTime() {
    for (int attempt = 0; attempt < 2; attempt++) {
      assertThatThrownBy(() -> Backends.open(BackendKind.CUDA, 1L << 30))
          .isInstanceOf(DeviceException.class)
          .hasMessageMatching("Expected .*CUDA.*, found .*, or use --backend cpu\\.")
          .hasMessageNotContaining("jnicudart");
    }
  }
}
