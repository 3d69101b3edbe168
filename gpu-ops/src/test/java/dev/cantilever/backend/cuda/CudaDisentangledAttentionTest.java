package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.backend.DisentangledAttentionConformance;
import dev.cantilever.backend.DisentangledSpec;
import dev.cantilever.backend.UnsupportedOpException;
import dev.cantilever.tensor.DType;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

@RequiresCuda
class CudaDisentangledAttentionTest extends DisentangledAttentionConformance {
  @Override
  protected Backend open() {
    return Backends.cuda(256L << 20, DType.BF16);
  }

  @Test
  void attention_headsLargerThanATile_areUnsupported() {
    DisentangledSpec spec = new DisentangledSpec(1, 129, 1, OptionalInt.of(0), OptionalInt.empty());
    assertThatThrownBy(
            () ->
                backend
                    .attention()
                    .disentangledAttention(
                        tensors.output(DType.F32, 2, 129),
                        tensors.output(DType.F32, 2, 387),
                        tensors.output(DType.F32, 4, 129),
                        tensors.of(0, 1, 2),
                        tensors.rows(2),
                        spec))
        .isInstanceOf(UnsupportedOpException.class)
        .hasMessageContaining("at most 128 dimensions, found 129");
  }
}
