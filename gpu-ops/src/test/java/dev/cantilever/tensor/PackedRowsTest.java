package dev.cantilever.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;

class PackedRowsTest {

  private static PackedRows rows(int... offsets) {
    return new PackedRows(offsets, Tensor.at(64, DType.I32, Shape.of(offsets.length)));
  }

  @Test
  void rows_ofThreeLengths_tellWhereTheyLie() {
    PackedRows rows = rows(0, 2, 3, 7);

    assertThat(rows.rows()).isEqualTo(3);
    assertThat(rows.tokens()).isEqualTo(7);
    assertThat(rows.start(2)).isEqualTo(3);
    assertThat(rows.end(1)).isEqualTo(3);
    assertThat(rows.length(2)).isEqualTo(4);
    assertThat(rows.deviceOffsets().shape()).isEqualTo(Shape.of(4));
  }

  @Test
  void rows_arraysChangedOutside_stayAsTheyWere() {
    int[] offsets = {0, 2, 3};
    PackedRows rows = new PackedRows(offsets, Tensor.at(64, DType.I32, Shape.of(3)));

    offsets[1] = 1;
    rows.offsets()[2] = 9;

    assertThat(rows.offsets()).containsExactly(0, 2, 3);
  }

  @Test
  void rows_noneOrNotFromZero_areRefused() {
    assertThatIllegalArgumentException().isThrownBy(PackedRowsTest::rows);
    assertThatIllegalArgumentException().isThrownBy(() -> rows(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rows(1, 4))
        .withMessageContaining("starting at 0")
        .withMessageContaining("[1, 4]");
  }

  @Test
  void rows_emptyOrDescending_nameTheRow() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rows(0, 2, 2, 3))
        .withMessageContaining("row 1 is empty");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> rows(0, 2, 1))
        .withMessageContaining("row 1");
  }
}
