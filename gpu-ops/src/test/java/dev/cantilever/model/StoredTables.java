package dev.cantilever.model;

import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Stores a tied T5 with its embedding under the names that a test is about. */
final class StoredTables {

  static final String SHARED = "shared.weight";

  private StoredTables() {}

  /**
   * Writes the checkpoint.
   *
   * @param modules names without {@code .weight}, by spaces; one followed by {@code +} has other
   *     contents, by 0.25 more
   */
  static void store(String modules, Path target) throws IOException {
    try (ModelDirectory source = ModelDirectory.open(Fixtures.path("t5_plain"))) {
      Map<String, Float> tables = new LinkedHashMap<>();
      for (String module : modules.split(" ")) {
        tables.put(module.replace("+", "") + ".weight", module.endsWith("+") ? 0.25f : 0);
      }
      List<TensorSpec> specs = new ArrayList<>();
      for (String name : source.names()) {
        if (!name.equals(SHARED)) {
          specs.add(new TensorSpec(name, DType.F32, source.entry(name).shape()));
        }
      }
      tables
          .keySet()
          .forEach(
              name -> specs.add(new TensorSpec(name, DType.F32, source.entry(SHARED).shape())));
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, source.config(), specs)) {
        for (TensorSpec spec : specs) {
          Float added = tables.get(spec.name());
          float[] values = source.readFloats(added == null ? spec.name() : SHARED);
          if (added != null) {
            for (int i = 0; i < values.length; i++) {
              values[i] += added;
            }
          }
          writer.write(spec.name(), values);
        }
        writer.publish();
      }
    }
  }
}
