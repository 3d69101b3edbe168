package dev.cantilever.backend;

import static dev.cantilever.backend.TestTensors.permuted;
import static dev.cantilever.backend.TestTensors.rowsOf;
import static dev.cantilever.backend.TestTensors.widen;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every implementation of {@link MatmulOps#lowRank} must do. */
public abstract class MatmulLowRankConformance extends OpsConformance {

  /**
   * Values about 1 after chains of up to 6,200 roundings of 2^-24 of partial sums up to 4: by
   * chance 80 of them, so 2e-5, and for the largest of some thousands five times that.
   */
  private static final double TOLERANCE = 1e-4;

  /** Sizes and factor of a term. */
  private record TermCase(int rank, int outputs, int column, float scale) {}

  /**
   * Sizes of a call.
   *
   * @param width columns of y
   */
  private record Case(int inputs, int width, List<TermCase> terms) {
    Case(int inputs, int width, TermCase... terms) {
      this(inputs, width, List.of(terms));
    }
  }

  private static TermCase term(int rank, int outputs, int column, float scale) {
    return new TermCase(rank, outputs, column, scale);
  }

  static Stream<Case> cases() {
    return Stream.of(
        new Case(1, 1, term(1, 1, 0, 2)),
        new Case(33, 9, term(4, 7, 2, 0.5f)),
        new Case(256, 96, term(16, 64, 0, 2), term(16, 16, 64, 2), term(16, 16, 80, 2)),
        new Case(520, 640, term(1, 260, 4, 1), term(4, 100, 264, 0.25f), term(64, 12, 628, 2)),
        new Case(6200, 300, term(16, 300, 0, 2)),
        new Case(300, 600, term(300, 520, 40, 1), term(16, 600, 0, 0.5f)),
        new Case(77, 601, term(7, 301, 3, 1), term(16, 513, 5, 2), term(65, 40, 290, 0.5f)),
        new Case(64, 530, term(100, 530, 0, 1), term(40, 530, 0, 2)),
        // More terms than a launch takes, cut into as many ranges as there can be.
        new Case(
            48,
            60,
            term(2, 30, 0, 1),
            term(3, 30, 2, 1),
            term(4, 31, 5, 0.5f),
            term(5, 29, 9, 1),
            term(6, 40, 10, 1),
            term(7, 30, 14, 2),
            term(8, 33, 20, 1),
            term(9, 22, 28, 1),
            term(10, 60, 0, 1),
            term(1, 1, 59, 1)));
  }

  /** One call's values: A and B such that sums stay about 1. */
  private record Values(Case sizes, List<float[]> a, List<float[]> b) {}

  private Values draw(Case sizes) {
    List<float[]> a = new ArrayList<>();
    List<float[]> b = new ArrayList<>();
    for (TermCase term : sizes.terms()) {
      a.add(tensors.normal(term.rank() * sizes.inputs(), 1 / Math.sqrt(sizes.inputs())));
      b.add(tensors.normal(term.outputs() * term.rank(), 1 / Math.sqrt(term.rank())));
    }
    return new Values(sizes, a, b);
  }

  private List<LowRankTerm> terms(Values values) {
    List<LowRankTerm> terms = new ArrayList<>();
    for (int t = 0; t < values.a().size(); t++) {
      TermCase term = values.sizes().terms().get(t);
      Tensor a = tensors.of(values.a().get(t), term.rank(), values.sizes().inputs());
      Tensor b = tensors.of(values.b().get(t), term.outputs(), term.rank());
      terms.add(new LowRankTerm(a, b, term.column(), term.scale()));
    }
    return terms;
  }

  private float[] lowRank(float[] before, float[] x, Case sizes, List<LowRankTerm> terms) {
    int n = x.length / sizes.inputs();
    Tensor y = tensors.of(before, n, sizes.width());
    backend.matmul().lowRank(y, tensors.of(x, n, sizes.inputs()), terms);
    return tensors.read(y);
  }

  private static boolean covered(Case sizes, int column) {
    return sizes.terms().stream()
        .anyMatch(t -> t.column() <= column && column < t.column() + t.outputs());
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lowRank_severalTerms_equalsTheReference(Case sizes) {
    Values values = draw(sizes);
    List<LowRankTerm> terms = terms(values);
    for (int n : new int[] {1, 5, 16, 33, 70}) {
      float[] x = tensors.normal(n * sizes.inputs(), 1);
      float[] before = tensors.normal(n * sizes.width(), 1);
      double[] expected = widen(before);
      for (int t = 0; t < terms.size(); t++) {
        TermCase term = sizes.terms().get(t);
        double[] h =
            ReferenceMatmulOps.linear(
                widen(x), widen(values.a().get(t)), n, sizes.inputs(), term.rank());
        double[] product =
            ReferenceMatmulOps.linear(h, widen(values.b().get(t)), n, term.rank(), term.outputs());
        for (int i = 0; i < product.length; i++) {
          int column = term.column() + i % term.outputs();
          expected[i / term.outputs() * sizes.width() + column] += term.scale() * product[i];
        }
      }
      float[] y = lowRank(before, x, sizes, terms);
      Closeness.assertClose(n + " rows, " + tensors, y, expected, TOLERANCE, 1e-5);
      for (int i = 0; i < y.length; i++) {
        if (covered(sizes, i % sizes.width())) {
          before[i] = y[i];
        }
      }
      Closeness.assertSameBits("columns that no term adds to", y, before);
    }
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lowRank_severalTerms_haveTheBitsOfOneCallEachInOrder(Case sizes) {
    List<LowRankTerm> terms = terms(draw(sizes));
    int n = 19;
    float[] x = tensors.normal(n * sizes.inputs(), 1);
    float[] before = tensors.normal(n * sizes.width(), 1);
    float[] apart = before;
    for (LowRankTerm term : terms) {
      apart = lowRank(apart, x, sizes, List.of(term));
    }
    Closeness.assertSameBits("together", lowRank(before, x, sizes, terms), apart);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void lowRank_rowsAloneAndPermuted_haveTheSameBits(Case sizes) {
    List<LowRankTerm> terms = terms(draw(sizes));
    int inputs = sizes.inputs();
    int width = sizes.width();
    for (int n : new int[] {2, 7, 17, 35}) {
      float[] x = tensors.normal(n * inputs, 1);
      float[] before = tensors.normal(n * width, 1);
      float[] y = lowRank(before, x, sizes, terms);
      int[] order = tensors.permutation(n);
      Closeness.assertSameBits(
          "permuted",
          lowRank(permuted(before, width, order), permuted(x, inputs, order), sizes, terms),
          permuted(y, width, order));
      for (int r = 0; r < n; r += 3) {
        Closeness.assertSameBits(
            "alone",
            lowRank(rowsOf(before, width, r, r + 1), rowsOf(x, inputs, r, r + 1), sizes, terms),
            rowsOf(y, width, r, r + 1));
      }
    }
  }

  /** From the second row on of odd widths, where nothing lies at a multiple of 16 bytes. */
  @Test
  void lowRank_rowsOfLargerTensors_haveTheSameBits() {
    Case sizes = new Case(301, 265, term(16, 256, 4, 2), term(5, 200, 1, 1));
    List<LowRankTerm> terms = terms(draw(sizes));
    int n = 20;
    float[] x = tensors.normal(n * sizes.inputs(), 1);
    float[] before = tensors.normal(n * sizes.width(), 1);
    Tensor y = tensors.of(before, n, sizes.width());
    Tensor inputs = tensors.of(x, n, sizes.inputs());
    backend.matmul().lowRank(y.slice(1, n - 1), inputs.slice(1, n - 1), terms);
    float[] whole = lowRank(before, x, sizes, terms);
    System.arraycopy(before, 0, whole, 0, sizes.width());
    int last = (n - 1) * sizes.width();
    System.arraycopy(before, last, whole, last, sizes.width());
    Closeness.assertSameBits("rows between", tensors.read(y), whole);
  }

  @ParameterizedTest
  @ValueSource(ints = {160, 2500})
  void lowRank_manyRows_haveTheBitsOfRowsAlone(int n) {
    // With 2,500 rows what is between is more than a workspace has room for.
    Case sizes = new Case(2100, 530, term(600, 10, 3, 1), term(16, 530, 0, 2));
    List<LowRankTerm> terms = terms(draw(sizes));
    float[] x = tensors.normal(n * sizes.inputs(), 1);
    float[] before = tensors.normal(n * sizes.width(), 1);
    float[] y = lowRank(before, x, sizes, terms);
    for (int r : new int[] {0, n / 2, n - 1}) {
      float[] row = rowsOf(before, sizes.width(), r, r + 1);
      Closeness.assertSameBits(
          "row " + r,
          lowRank(row, rowsOf(x, sizes.inputs(), r, r + 1), sizes, terms),
          rowsOf(y, sizes.width(), r, r + 1));
    }
  }

  @Test
  void lowRank_freshAdapterOrNoTerm_changesNoBit() {
    Case sizes = new Case(300, 70, term(16, 70, 0, 2), term(4, 20, 7, 1));
    Values drawn = draw(sizes);
    List<float[]> zeros = drawn.b().stream().map(b -> new float[b.length]).toList();
    float[] x = tensors.normal(5 * sizes.inputs(), 1);
    float[] before = tensors.normal(5 * sizes.width(), 1);
    List<LowRankTerm> fresh = terms(new Values(sizes, drawn.a(), zeros));
    Closeness.assertSameBits("B of zeros", lowRank(before, x, sizes, fresh), before);
    Closeness.assertSameBits("no term", lowRank(before, x, sizes, List.of()), before);
  }

  @Test
  void lowRank_noRows_addsNothing() {
    Case sizes = new Case(3, 4, term(2, 4, 0, 1));
    lowRank(new float[0], new float[0], sizes, terms(draw(sizes)));
  }

  @Test
  void lowRank_wrongShapes_nameTheArgumentAndTheTerm() {
    MatmulOps ops = backend.matmul();
    Tensor x = tensors.of(new float[12], 4, 3);
    Tensor y = tensors.output(DType.F32, 4, 5);
    Tensor a = tensors.of(new float[6], 2, 3);
    Tensor b = tensors.of(new float[6], 3, 2);
    LowRankTerm good = new LowRankTerm(a, b, 2, 1);
    assertRefused(y, x, new LowRankTerm(a, b, 3, 1), "expected y [N=4, at least 3+3]");
    assertRefused(y, x, new LowRankTerm(a, b, -1, 1), "expected y [N=4, at least -1+3]");
    assertRefused(y, x, new LowRankTerm(b, b, 0, 1), "expected a of term 1 [R=3, I=3]");
    assertRefused(y, x, new LowRankTerm(a, a, 0, 1), "expected b of term 1 [O=2, R=2]");
    assertThatThrownBy(() -> ops.lowRank(x, y, List.of(good)))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected a of term 0 [R=2, I=5]");
    assertThatThrownBy(() -> ops.lowRank(y.slice(0, 3), x, List.of()))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining("expected y [N=4");
  }

  /** As the second of two terms. */
  private void assertRefused(Tensor y, Tensor x, LowRankTerm wrong, String message) {
    Tensor a = tensors.of(new float[3], 1, 3);
    Tensor b = tensors.of(new float[1], 1, 1);
    List<LowRankTerm> terms = List.of(new LowRankTerm(a, b, 0, 1), wrong);
    assertThatThrownBy(() -> backend.matmul().lowRank(y, x, terms))
        .isInstanceOf(ShapeException.class)
        .hasMessageContaining(message);
  }
}
