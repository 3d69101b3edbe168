package dev.cantilever.parity;

import java.util.List;

/**
 * How far 8-bit linear layers are from bitsandbytes'.
 *
 * @param cases one per case of the fixture
 */
public record Int8ParityReport(List<CaseErrors> cases) {

  /** The largest relative error of outputs and input gradients that passes. */
  public static final double RELATIVE_TOLERANCE = 2e-3;

  /**
   * The errors of one case.
   *
   * @param name the case, for example {@code case0}
   * @param int8Differing how many of the weight's integers differ
   * @param absmaxDiffering how many of the rows' scales differ
   * @param outRel of the output executed as LLM.int8(), norm of the difference over norm
   * @param gradXRel of the input's gradient in that mode
   * @param weightOnlyOutRel of the output of the weight-only mode, against the product with the
   *     fixture's own integers in double precision
   * @param weightOnlyGradXRel of the input's gradient in that mode, which both modes share
   */
  public record CaseErrors(
      String name,
      int int8Differing,
      int absmaxDiffering,
      double outRel,
      double gradXRel,
      double weightOnlyOutRel,
      double weightOnlyGradXRel) {

    boolean pass() {
      return int8Differing == 0
          && absmaxDiffering == 0
          && outRel <= RELATIVE_TOLERANCE
          && gradXRel <= RELATIVE_TOLERANCE
          && weightOnlyOutRel <= RELATIVE_TOLERANCE
          && weightOnlyGradXRel <= RELATIVE_TOLERANCE;
    }
  }

  /** Copies the list. */
  public Int8ParityReport {
    cases = List.copyOf(cases);
  }

  /** Whether integers and scales are exact, and everything else within its tolerance. */
  public boolean pass() {
    return cases.stream().allMatch(CaseErrors::pass);
  }
}
