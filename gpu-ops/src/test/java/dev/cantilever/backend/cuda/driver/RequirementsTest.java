package dev.cantilever.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.DeviceException;
import org.bytedeco.cuda.global.cudart;
import org.junit.jupiter.api.Test;

class RequirementsTest {

  @Test
  void driver_olderMajor_isRefused() {
    assertThatThrownBy(() -> Requirements.driver(12_080))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("Expected a driver for CUDA 13 or later")
        .hasMessageContaining("found one for CUDA 12.8")
        .hasMessageContaining("Update the NVIDIA driver");
    assertThatCode(() -> Requirements.driver(13_000)).doesNotThrowAnyException();
    assertThatCode(() -> Requirements.driver(14_020)).doesNotThrowAnyException();
  }

  @Test
  void card_olderThanAmpere_isRefused() {
    assertThatThrownBy(() -> Requirements.card("Tesla T4", new ComputeCapability(7, 5)))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("Expected a GPU of compute capability 8.0 or later")
        .hasMessageContaining("found Tesla T4 of 7.5")
        .hasMessageContaining("--backend cpu");
    assertThatCode(() -> Requirements.card("A100", new ComputeCapability(8, 0)))
        .doesNotThrowAnyException();
    assertThatCode(() -> Requirements.card("RTX 5090", new ComputeCapability(12, 0)))
        .doesNotThrowAnyException();
  }

  @Test
  void context_cardOfAnotherProcessAlone_isRefused() {
    assertThatThrownBy(() -> Requirements.context(cudart.CUDA_ERROR_DEVICE_UNAVAILABLE, "H100"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("Expected to open H100, found it held by another process")
        .hasMessageContaining("--compute-mode=DEFAULT");
  }

  @Test
  void context_memoryFull_isRefused() {
    assertThatThrownBy(() -> Requirements.context(cudart.CUDA_ERROR_OUT_OF_MEMORY, "H100"))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("Expected room for a context on H100, found its memory full")
        .hasMessageContaining("End what else uses the card");
    assertThatCode(() -> Requirements.context(cudart.CUDA_SUCCESS, "H100"))
        .doesNotThrowAnyException();
  }
}
