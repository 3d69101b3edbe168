package dev.cantilever.backend.meta;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.memory.Arena;
import dev.cantilever.memory.BudgetExceededException;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The base weights of GPT-NeoX-20B, planned on whatever machine the tests run on. */
class PlannedModelTest {

  private static final long GIB = 1L << 30;
  private static final int HIDDEN = 6144;
  private static final int LAYERS = 44;
  private static final int VOCABULARY = 50_432;

  /** Of a block: 12·C² integers, one scale per output (9·C), as many biases and four norm rows. */
  private static final long BLOCK_BYTES =
      12L * HIDDEN * HIDDEN + 4L * 9 * HIDDEN + 2L * 9 * HIDDEN + 2L * 4 * HIDDEN;

  private static final long BASE_BYTES =
      LAYERS * BLOCK_BYTES + 2L * 2 * VOCABULARY * HIDDEN + 2L * 2 * HIDDEN;

  @Test
  void base20b_under24GiB_fitsToTheByte() {
    try (MetaBackend backend = MetaBackend.create(Profiles.card(), 24 * GIB);
        Arena base = backend.budget().open("base weights", Purpose.BASE_WEIGHTS, BASE_BYTES)) {
      load(backend, base);

      assertThat(base.usedBytes()).isEqualTo(BASE_BYTES).isBetween(19 * GIB, 20 * GIB);
      // An arena whose size is known in advance is one piece, without a tail.
      assertThat(base.reservedBytes()).isEqualTo(base.usedBytes());
      long staging =
          2L * 4 * HIDDEN * HIDDEN; // the largest matrix in 16 bit, while it is quantised
      assertThat(backend.budget().peakBytes()).isEqualTo(base.reservedBytes() + GIB + staging);
    }
  }

  @Test
  void base20b_under16GiB_isRefusedBeforeAnythingIsLoaded() {
    try (MetaBackend backend = MetaBackend.create(Profiles.card(), 16 * GIB);
        Arena base = backend.budget().open("base weights", Purpose.BASE_WEIGHTS, BASE_BYTES)) {
      assertThatThrownBy(() -> load(backend, base))
          .isInstanceOf(BudgetExceededException.class)
          .hasMessageContaining("'base weights' (base weights) needs")
          .hasMessageContaining("meta of card has")
          .hasMessageContaining("budget of 16384.0 MiB");
      assertThat(backend.budget().liveBytes()).isLessThanOrEqualTo(16 * GIB);
    }
  }

  private static void load(MetaBackend backend, Arena arena) {
    Tensor embedding = Tensor.in(arena, DType.F16, VOCABULARY, HIDDEN);
    Tensor head = Tensor.in(arena, DType.F16, VOCABULARY, HIDDEN);
    assertThat(embedding.bytes()).isEqualTo(head.bytes());
    Tensor finalNorm = Tensor.in(arena, DType.F16, 2, HIDDEN);
    assertThat(finalNorm.address()).isGreaterThan(head.address());
    for (int layer = 0; layer < LAYERS; layer++) {
      Tensor norms = Tensor.in(arena, DType.F16, 4, HIDDEN);
      assertThat(norms.size(0)).isEqualTo(4);
      linear(backend, arena, 3 * HIDDEN, HIDDEN);
      linear(backend, arena, HIDDEN, HIDDEN);
      linear(backend, arena, 4 * HIDDEN, HIDDEN);
      linear(backend, arena, HIDDEN, 4 * HIDDEN);
    }
  }

  private static void linear(MetaBackend backend, Arena arena, int out, int in) {
    Int8Weight weight =
        new Int8Weight(
            out,
            in,
            Tensor.in(arena, DType.I8, backend.matmul().int8Bytes(out, in)),
            Tensor.in(arena, DType.F32, out),
            Int8Mode.WEIGHT_ONLY,
            Optional.of(Tensor.in(arena, DType.F16, out)),
            Optional.empty());
    try (Arena staging = backend.budget().open("staging", Purpose.BATCH)) {
      backend.matmul().quantize(weight, Tensor.in(staging, DType.F16, out, in));
    }
  }
}
