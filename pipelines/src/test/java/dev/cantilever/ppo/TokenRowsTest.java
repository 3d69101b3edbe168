package dev.cantilever.ppo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class TokenRowsTest {

  @Test
  void of_nanOrInfinity_namesTensorRowAndToken() {
    assertThatThrownBy(() -> TokenRows.of("values", new double[][] {{1}, {2, 3, Double.NaN}}))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("values")
        .hasMessageContaining("row 1")
        .hasMessageContaining("token 2");
    assertThatThrownBy(() -> TokenRows.of("logprobs", new double[][] {{Double.NEGATIVE_INFINITY}}))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("logprobs");
  }

  @Test
  void of_emptyRowOrNoRows_isRefused() {
    assertThatThrownBy(() -> TokenRows.of("values", new double[][] {{1}, {}}))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("row 1");
    assertThatThrownBy(() -> TokenRows.of("values", new double[0][]))
        .isInstanceOf(PpoException.class);
  }

  @Test
  void packed_offsetsBeyondTheValues_isRefused() {
    assertThatThrownBy(() -> TokenRows.packed("values", new int[] {0, 2, 4}, new double[3]))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("3 tokens");
    assertThatThrownBy(() -> TokenRows.packed("values", new int[] {0, 4, 2, 3}, new double[3]))
        .isInstanceOf(PpoException.class);
  }

  @Test
  void zip_rowsOfOtherLengths_namesTheRow() {
    TokenRows logprobs = TokenRows.of("logprobs", new double[][] {{1, 2}, {3}});
    TokenRows values = TokenRows.of("values", new double[][] {{1}, {2, 3}});

    assertThatThrownBy(() -> logprobs.zip("sum", values, Double::sum))
        .isInstanceOf(PpoException.class)
        .hasMessageContaining("values")
        .hasMessageContaining("row 0: 2 and 1 tokens");
  }

  @Test
  void accessors_neverExposeTheArrays() {
    double[] source = {1, 2, 3};
    TokenRows rows = TokenRows.packed("values", new int[] {0, 1, 3}, source);
    source[0] = 9;
    rows.values()[0] = 9;
    rows.rowOffsets()[1] = 9;
    rows.row(1)[0] = 9;

    assertThat(rows.get(0, 0)).isEqualTo(1);
    assertThat(rows.row(1)).containsExactly(2, 3);
    assertThat(rows.rowSums()).containsExactly(1, 5);
    assertThat(rows.length(1)).isEqualTo(2);
    assertThatThrownBy(() -> rows.get(0, 1)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void select_keepsTheOrderAskedFor() {
    TokenRows rows = TokenRows.of("values", new double[][] {{1}, {2, 3}, {4}});

    TokenRows selected = rows.select(new int[] {2, 1});

    assertThat(selected.rowOffsets()).containsExactly(0, 1, 3);
    assertThat(selected.values()).containsExactly(4, 2, 3);
  }
}
