package dev.cantilever.ppo.parity;

import java.util.ArrayList;
import java.util.List;

/** Compares the PPO mathematics with a fixture folder of trl's results. */
public final class PpoParity {
  private PpoParity() {}

  static PpoParityReport compare(
      List<PpoCase> cases, GoldenTensors tensors, PpoPrecision precision) {
    List<PpoParityReport.CaseErrors> errors = new ArrayList<>();
    for (PpoCase golden : cases) {
      errors.add(new CaseComparison(golden, tensors, precision).compare());
    }
    return new PpoParityReport(precision, errors);
  }
}
