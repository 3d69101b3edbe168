package dev.cantilever.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.cuda.CudaBackend;
import java.util.List;
import org.junit.jupiter.api.Test;

class KernelSourceTest {

  @Test
  void headers_severalIncluded_areNamedInOrder() {
    assertThat(KernelSource.of(CudaBackend.class, "attention.cu").headers())
        .containsExactly(
            "prelude.cuh", "attention.cuh", "attention_tiles.cuh", "attention_gradient.cuh");
  }

  @Test
  void headers_ofIncludedFiles_followThese() {
    List<String> headers = KernelSource.of(CudaBackend.class, "product_pair.cu").headers();
    assertThat(headers).doesNotHaveDuplicates().startsWith("product_block.cuh", "prelude.cuh");
    assertThat(headers)
        .containsAll(KernelSource.of(CudaBackend.class, "product_block.cuh").headers());
  }
}
