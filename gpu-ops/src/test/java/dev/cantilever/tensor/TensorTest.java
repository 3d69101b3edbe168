package dev.cantilever.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.MemoryBudget;
import dev.cantilever.memory.Purpose;
import org.junit.jupiter.api.Test;

class TensorTest {

  private static final long ADDRESS = 4096;

  private final Tensor tensor = Tensor.at(ADDRESS, DType.F16, Shape.of(4, 3, 2));

  @Test
  void tensor_described_tellsTypeShapeAndSizes() {
    assertThat(tensor.dtype()).isEqualTo(DType.F16);
    assertThat(tensor.dim(0)).isEqualTo(4);
    assertThat(tensor.size(1)).isEqualTo(3);
    assertThat(tensor.elements()).isEqualTo(24);
    assertThat(tensor.bytes()).isEqualTo(48);
    assertThat(tensor).hasToString("F16[4, 3, 2]");
  }

  @Test
  void tensor_inArena_takesItsBytesThere() {
    MemoryBudget budget = new MemoryBudget("test", 1 << 20, new HostMemory());
    try (Arena arena = budget.open("tensors", Purpose.BATCH)) {
      Tensor first = Tensor.in(arena, DType.I64, 5, 3);
      Tensor second = Tensor.in(arena, DType.I8, 1);

      assertThat(first.shape()).isEqualTo(Shape.of(5, 3));
      assertThat(second.address()).isEqualTo(first.address() + 128);
      assertThat(arena.usedBytes()).isEqualTo(128 + 64);
    }
    assertThat(budget.liveBytes()).isZero();
  }

  @Test
  void slice_ofRows_startsAtTheirAddress() {
    Tensor slice = tensor.slice(1, 3);

    assertThat(slice.shape()).isEqualTo(Shape.of(2, 3, 2));
    assertThat(slice.address()).isEqualTo(ADDRESS + 12);
    assertThat(slice.dtype()).isEqualTo(DType.F16);
  }

  @Test
  void slice_ofASlice_addsUp() {
    Tensor slice = tensor.slice(1, 4).slice(2, 3);

    assertThat(slice.address()).isEqualTo(ADDRESS + 36);
    assertThat(slice.shape()).isEqualTo(Shape.of(1, 3, 2));
  }

  @Test
  void slice_emptyAndWhole_areLegal() {
    assertThat(tensor.slice(4, 4).elements()).isZero();
    assertThat(tensor.slice(0, 4).bytes()).isEqualTo(tensor.bytes());
  }

  @Test
  void slice_outsideTheTensor_isRefused() {
    long[][] ranges = {{-1, 2}, {2, 1}, {0, 5}};
    for (long[] range : ranges) {
      assertThatExceptionOfType(IndexOutOfBoundsException.class)
          .isThrownBy(() -> tensor.slice(range[0], range[1]))
          .withMessageContaining("[0, 4)")
          .withMessageContaining("[" + range[0] + ", " + range[1] + ")");
    }
  }

  @Test
  void reshape_asManyElements_sharesTheAddress() {
    Tensor reshaped = tensor.reshape(12, 2);

    assertThat(reshaped.address()).isEqualTo(ADDRESS);
    assertThat(reshaped.shape()).isEqualTo(Shape.of(12, 2));
  }

  @Test
  void reshape_otherNumberOfElements_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> tensor.reshape(5, 5))
        .withMessageContaining("24 elements as in [4, 3, 2]")
        .withMessageContaining("[5, 5]");
  }
}
