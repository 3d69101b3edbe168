package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.LowRankTerm;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ColumnRangeTest {

  private static LowRankTerm term(int column, int outputs) {
    return term(2, column, outputs);
  }

  private static LowRankTerm term(int rank, int column, int outputs) {
    Tensor a = Tensor.at(256, DType.F32, Shape.of(rank, 3));
    return new LowRankTerm(a, Tensor.at(256, DType.F32, Shape.of(outputs, rank)), column, 1);
  }

  @Test
  void of_termsSideBySide_areARangeEach() {
    assertThat(ColumnRange.of(List.of(term(0, 8), term(8, 2), term(12, 2))))
        .containsExactly(
            new ColumnRange(0, 8, 1), new ColumnRange(8, 2, 2), new ColumnRange(12, 2, 4));
  }

  @Test
  void of_twoAdaptersOnTheSameColumns_areOneRange() {
    assertThat(ColumnRange.of(List.of(term(4, 8), term(4, 8))))
        .containsExactly(new ColumnRange(4, 8, 3));
  }

  @Test
  void of_overlappingTerms_areCutAtEveryEdge() {
    assertThat(ColumnRange.of(List.of(term(5, 10), term(0, 8), term(6, 1), term(3, 0))))
        .containsExactly(
            new ColumnRange(0, 3, 2),
            new ColumnRange(3, 2, 2),
            new ColumnRange(5, 1, 3),
            new ColumnRange(6, 1, 7),
            new ColumnRange(7, 1, 3),
            new ColumnRange(8, 7, 1));
  }

  @Test
  void of_termOfRankZero_addsToNothing() {
    assertThat(ColumnRange.of(List.of(term(0, 0, 8), term(2, 4, 8))))
        .containsExactly(new ColumnRange(4, 4, 2), new ColumnRange(8, 4, 2));
  }

  @Test
  void of_asManyTermsAsALaunchTakes_fitItsRanges() {
    List<LowRankTerm> staggered =
        IntStream.range(0, LowRankProduct.MOST_TERMS).mapToObj(t -> term(t, 100 + t)).toList();
    assertThat(ColumnRange.of(staggered)).hasSize(LowRankProduct.MOST_RANGES);
  }
}
