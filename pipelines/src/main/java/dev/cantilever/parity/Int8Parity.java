package dev.cantilever.parity;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Compares 8-bit linear layers with the fixture folder of bitsandbytes' results. */
public final class Int8Parity {
  private static final String INTEGERS = ".w_int8";

  private Int8Parity() {}

  /**
   * Computes every case in both execution modes and reports the errors.
   *
   * @param folder holds {@code golden.safetensors}
   * @param kind where to compute
   * @param budgetBytes hard ceiling of the device's memory
   * @throws IOException if the file cannot be read
   * @throws CheckpointException if it is missing, broken, or not a fixture of 8-bit layers
   */
  public static Int8ParityReport run(Path folder, BackendKind kind, long budgetBytes)
      throws IOException {
    try (SafetensorsFile golden = SafetensorsFile.open(folder.resolve("golden.safetensors"));
        Backend backend = Backends.open(kind, budgetBytes)) {
      List<Int8ParityReport.CaseErrors> errors = new ArrayList<>();
      for (TensorEntry entry : golden.entries()) {
        if (entry.name().endsWith(INTEGERS)) {
          String name = entry.name().substring(0, entry.name().length() - INTEGERS.length());
          errors.add(new Int8Comparison(backend, golden, name).compare());
        }
      }
      if (errors.isEmpty()) {
        throw new CheckpointException(
            "%s: expected tensors case0%s and so on, found none. Pass the folder of the int8 fixture."
                .formatted(golden.path(), INTEGERS));
      }
      return new Int8ParityReport(errors);
    }
  }
}
