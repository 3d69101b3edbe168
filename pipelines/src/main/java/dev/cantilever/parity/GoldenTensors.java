package dev.cantilever.parity;

import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.ppo.PpoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The tensors of a fixture by name, as doubles in row-major order. */
final class GoldenTensors {
  private final String source;
  private final Map<String, int[]> shapes = new LinkedHashMap<>();
  private final Map<String, double[]> values = new LinkedHashMap<>();

  /**
   * @param source what the tensors were read from, for messages
   */
  GoldenTensors(String source) {
    this.source = source;
  }

  /**
   * All tensors of a safetensors file; the file is closed again.
   *
   * @throws IOException if it cannot be read
   * @throws dev.cantilever.hub.CheckpointException if it is missing or breaks the format
   */
  static GoldenTensors read(Path path) throws IOException {
    GoldenTensors tensors = new GoldenTensors(path.toString());
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      for (TensorEntry entry : file.entries()) {
        String name = entry.name();
        int[] shape = entry.shape().dims().stream().mapToInt(Math::toIntExact).toArray();
        double[] elements =
            entry.dtype().isFloatingPoint()
                ? file.readDoubles(name)
                : Arrays.stream(file.readInts(name)).asDoubleStream().toArray();
        tensors.put(name, shape, elements);
      }
    }
    return tensors;
  }

  void put(String name, int[] shape, double[] elements) {
    shapes.put(name, shape);
    values.put(name, elements);
  }

  /** The dimensions of a tensor. */
  int[] shape(String name) {
    return require(name, shapes.get(name)).clone();
  }

  /** The elements of a tensor; integers became doubles. */
  double[] values(String name) {
    return require(name, values.get(name)).clone();
  }

  private <T> T require(String name, @Nullable T found) {
    if (found == null) {
      throw new PpoException(
          source
              + ": expected a tensor '"
              + name
              + "', found "
              + values.size()
              + " others; pass the folder of the ppo fixture");
    }
    return found;
  }
}
