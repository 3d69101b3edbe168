package dev.cantilever.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class DeviceMonitorTest {

  @Test
  void uuid_asTheManagementLibraryWritesIt_isGroupedBehindItsPrefix() {
    assertThat(DeviceMonitor.uuidText("0123456789abcdef0123456789abcdef"))
        .isEqualTo("GPU-01234567-89ab-cdef-0123-456789abcdef");
  }
}
