package dev.cantilever.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.cuda.CudaBackend;
import org.junit.jupiter.api.Test;

class KernelSourceTest {

  @Test
  void headers_severalIncluded_areNamedInOrder() {
    assertThat(KernelSource.of(CudaBackend.class, "attention.cu").headers())
        .containsExactly(
            "prelude.cuh", "attention.cuh", "attention_tiles.cuh", "attention_gradient.cuh");
  }

  @Test
  void headers_includedFiles_includeNoneThemselves() {
    for (String header : KernelSource.of(CudaBackend.class, "attention.cu").headers()) {
      assertThat(KernelSource.of(CudaBackend.class, header).headers()).as(header).isEmpty();
    }
  }
}
