package dev.cantilever.model;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * A checkpoint in the layout of bitsandbytes, made of another: matrices of blocks as random
 * integers with random magnitudes, all else as it was.
 */
final class EightBitCheckpoint {

  private static final String WEIGHT = ".weight";

  private final Random random = new Random(5);
  private final Map<String, byte[]> integers = new TreeMap<>();
  private final Map<String, float[]> magnitudes = new TreeMap<>();

  /** Integers [out, in] by module. */
  byte[] integers(String module) {
    return integers.getOrDefault(module, new byte[0]);
  }

  /** Magnitudes [out] by module. */
  float[] magnitudes(String module) {
    return magnitudes.getOrDefault(module, new float[0]);
  }

  boolean has(String module) {
    return integers.containsKey(module);
  }

  /**
   * Writes one.
   *
   * @param transposed whether the source's matrices are [in, out]
   * @param quantised modules in 8 bit
   * @param settings changes {@code quantization_config}
   * @param format of the integers
   */
  void write(
      Path from,
      Path to,
      boolean transposed,
      Predicate<String> quantised,
      Consumer<ObjectNode> settings,
      int format)
      throws IOException {
    try (ModelDirectory source = ModelDirectory.open(from);
        ModelDirectoryWriter writer = writer(source, to, transposed, quantised, settings)) {
      for (String name : source.names()) {
        String module = module(name);
        if (integers.containsKey(module) && name.endsWith(WEIGHT)) {
          writer.write(name, ByteBuffer.wrap(integers(module)));
          writer.write(module + ".SCB", magnitudes(module));
          writer.write(module + ".weight_format", ByteBuffer.wrap(new byte[] {(byte) format}));
        } else {
          writer.copy(name, source.file(name));
        }
      }
      writer.publish();
    }
  }

  private ModelDirectoryWriter writer(
      ModelDirectory source,
      Path to,
      boolean transposed,
      Predicate<String> quantised,
      Consumer<ObjectNode> settings)
      throws IOException {
    List<TensorSpec> specs = new ArrayList<>();
    for (String name : source.names()) {
      TensorEntry entry = source.entry(name);
      String module = module(name);
      if (name.endsWith(WEIGHT) && entry.shape().rank() == 2 && quantised.test(module)) {
        int out = (int) entry.shape().dim(transposed ? 1 : 0);
        int in = (int) entry.shape().dim(transposed ? 0 : 1);
        draw(module, out, in);
        specs.add(new TensorSpec(name, DType.I8, Shape.of(out, in)));
        specs.add(new TensorSpec(module + ".SCB", DType.F32, Shape.of(out)));
        specs.add(new TensorSpec(module + ".weight_format", DType.U8, Shape.of()));
      } else {
        specs.add(new TensorSpec(name, entry.dtype(), entry.shape()));
      }
    }
    ObjectNode config = source.config().json();
    ObjectNode quantisation = config.putObject("quantization_config");
    quantisation.put("quant_method", "bitsandbytes").put("load_in_8bit", true);
    settings.accept(quantisation);
    Path file = Files.createTempFile("config", ".json");
    try {
      Files.writeString(file, config.toString());
      return ModelDirectoryWriter.create(to, ModelConfig.at(file), specs);
    } finally {
      Files.delete(file);
    }
  }

  private void draw(String module, int out, int in) {
    byte[] values = new byte[out * in];
    for (int i = 0; i < values.length; i++) {
      values[i] = (byte) (random.nextInt(255) - 127);
    }
    float[] scales = new float[out];
    for (int o = 0; o < out; o++) {
      scales[o] = 0.1f + random.nextFloat();
    }
    integers.put(module, values);
    magnitudes.put(module, scales);
  }

  private static String module(String name) {
    return name.substring(0, Math.max(0, name.lastIndexOf('.')));
  }
}
