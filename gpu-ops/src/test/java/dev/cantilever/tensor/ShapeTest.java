package dev.cantilever.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.OpsException;
import org.junit.jupiter.api.Test;

class ShapeTest {

  @Test
  void shape_threeDimensions_countsElementsAndBytes() {
    Shape shape = Shape.of(2, 5, 8);

    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.dim(1)).isEqualTo(5);
    assertThat(shape.elements()).isEqualTo(80);
    assertThat(shape.bytes(DType.F16)).isEqualTo(160);
    assertThat(shape).hasToString("[2, 5, 8]").isEqualTo(Shape.of(2, 5, 8));
  }

  @Test
  void shape_scalarAndEmpty_haveOneAndNoElement() {
    assertThat(Shape.of().elements()).isEqualTo(1);
    assertThat(Shape.of(3, 0, Long.MAX_VALUE).elements()).isZero();
  }

  @Test
  void shape_negativeOrOverflowing_isRefused() {
    assertThatThrownBy(() -> Shape.of(2, -1))
        .isInstanceOf(OpsException.class)
        .hasMessageContaining("[2, -1]");
    assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 32)).isInstanceOf(OpsException.class);
    assertThatThrownBy(() -> Shape.of(1L << 61).bytes(DType.F32)).isInstanceOf(OpsException.class);
    assertThatThrownBy(() -> Shape.of(2).dim(1)).isInstanceOf(OpsException.class);
  }

  @Test
  void dtype_unknownName_listsTheLegalOnes() {
    assertThat(DType.fromSafetensors("BF16")).isEqualTo(DType.BF16);
    assertThatThrownBy(() -> DType.fromSafetensors("F8_E4M3"))
        .isInstanceOf(OpsException.class)
        .hasMessageContaining("F64, F32, F16, BF16")
        .hasMessageContaining("F8_E4M3");
  }
}
