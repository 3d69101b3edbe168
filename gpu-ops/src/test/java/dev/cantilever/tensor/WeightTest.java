package dev.cantilever.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

class WeightTest {

  private static Tensor tensor(DType type, long... dims) {
    return Tensor.at(64, type, Shape.of(dims));
  }

  @Test
  void dense_values_giveOutputsThenInputs() {
    DenseWeight weight = DenseWeight.of(tensor(DType.BF16, 6, 4));

    assertThat(weight.outFeatures()).isEqualTo(6);
    assertThat(weight.inFeatures()).isEqualTo(4);
    assertThat(weight.bias()).isEmpty();
    assertThat(weight.panel()).isEmpty();
  }

  @Test
  void withPanel_eitherForm_keepsTheRest() {
    Tensor panel = tensor(DType.F32, 24);
    Tensor bias = tensor(DType.F16, 6);
    Weight dense = DenseWeight.of(tensor(DType.F16, 6, 4), Optional.of(bias));
    Weight int8 =
        new Int8Weight(
            6,
            4,
            tensor(DType.I8, 24),
            tensor(DType.F32, 6),
            Int8Mode.WEIGHT_ONLY,
            Optional.of(bias),
            Optional.empty());

    for (Weight weight : new Weight[] {dense, int8}) {
      Weight attached = weight.withPanel(panel);

      assertThat(attached.panel()).containsSame(panel);
      assertThat(attached.bias()).containsSame(bias);
      assertThat(attached.outFeatures()).isEqualTo(6);
      assertThat(weight.panel()).isEmpty();
    }
  }
}
