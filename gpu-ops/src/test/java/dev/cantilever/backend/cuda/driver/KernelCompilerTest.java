package dev.cantilever.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.DeviceException;
import dev.cantilever.backend.cuda.CudaBackend;
import org.junit.jupiter.api.Test;

class KernelCompilerTest {

  @Test
  void compile_brokenSource_saysWhereAndWhy() {
    KernelCompiler compiler = KernelCompiler.load();
    KernelSource source = KernelSource.of(CudaBackend.class, "broken.cu");

    assertThatThrownBy(() -> compiler.compile(source, ComputeCapability.OLDEST))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining("Expected broken.cu to compile for sm_80")
        .hasMessageContaining("broken.cu(4)")
        .hasMessageContaining("undeclared")
        .hasMessageContaining("Report this");
  }

  @Test
  void text_missingFile_namesItAndItsPlace() {
    KernelSource source = KernelSource.of(CudaBackend.class, "absent.cu");

    assertThatThrownBy(source::text)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("absent.cu beside " + CudaBackend.class.getName());
  }
}
