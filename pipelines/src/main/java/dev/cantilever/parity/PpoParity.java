package dev.cantilever.parity;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Compares the PPO mathematics with a fixture folder of trl's results. */
public final class PpoParity {
  private PpoParity() {}

  /**
   * Computes every case of a fixture and reports the errors.
   *
   * @param folder holds {@code golden.json} and {@code golden.safetensors}
   * @param precision in which the inputs are handed over
   * @throws IOException if a file cannot be read
   * @throws dev.cantilever.hub.CheckpointException if the tensors' file is missing or broken
   * @throws dev.cantilever.ppo.PpoException if the fixture is not one of PPO
   */
  public static PpoParityReport run(Path folder, PpoPrecision precision) throws IOException {
    return compare(
        PpoCaseReader.read(folder.resolve("golden.json")),
        GoldenTensors.read(folder.resolve("golden.safetensors")),
        precision);
  }

  static PpoParityReport compare(
      List<PpoCase> cases, GoldenTensors tensors, PpoPrecision precision) {
    List<PpoParityReport.CaseErrors> errors = new ArrayList<>();
    for (PpoCase golden : cases) {
      errors.add(new CaseComparison(golden, tensors, precision).compare());
    }
    return new PpoParityReport(precision, errors);
  }
}
