package dev.cantilever.parity;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far this project is from a fixture.
 *
 * @param precision in which the inputs were handed over
 * @param cases one per case of the fixture
 */
public record PpoParityReport(PpoPrecision precision, List<CaseErrors> cases) {

  /**
   * The largest absolute error of each quantity of one case.
   *
   * @param number the case
   * @param maxAbs by the fixture's tensor name, or the statistic's name; unmodifiable, in order
   */
  public record CaseErrors(int number, Map<String, Double> maxAbs) {
    public CaseErrors {
      maxAbs = Collections.unmodifiableMap(new LinkedHashMap<>(maxAbs));
    }
  }

  public PpoParityReport {
    cases = List.copyOf(cases);
  }

  /** The largest error of all quantities of all cases. */
  public double maxAbs() {
    return cases.stream()
        .flatMap(errors -> errors.maxAbs().values().stream())
        .mapToDouble(Double::doubleValue)
        .max()
        .orElse(0);
  }

  /** Whether every quantity is within the precision's tolerance. */
  public boolean pass() {
    return maxAbs() <= precision.tolerance();
  }
}
