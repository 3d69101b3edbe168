package dev.cantilever.model;

import dev.cantilever.hub.Fixtures;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A tiny decoder of random weights with settings that no fixture has, as a checkpoint, and the
 * forward pass of transformers written out in double precision. Its width is {@link #WIDTH}, its
 * vocabulary {@link #VOCABULARY}.
 */
interface DecoderVariant {

  int WIDTH = 32;
  int HEADS = 4;
  int HEAD_SIZE = 8;
  int LAYERS = 2;
  int INNER = 40;
  int VOCABULARY = 96;
  int POSITIONS = 64;

  /** All of them. */
  static Stream<DecoderVariant> all() {
    return Stream.<DecoderVariant[]>of(
            Gpt2Variant.values(),
            OptVariant.values(),
            GptjVariant.values(),
            BloomVariant.values(),
            WindowVariant.values(),
            LlamaVariant.values())
        .flatMap(Arrays::stream);
  }

  /** The names of all. */
  static Stream<String> names() {
    return all().map(DecoderVariant::name);
  }

  /** The variant of a name. */
  static DecoderVariant of(String name) {
    return all().filter(variant -> variant.name().equals(name)).findFirst().orElseThrow();
  }

  /** The checkpoint of a variant or fixture; that of a variant is written into a folder first. */
  static Path checkpoint(String name, Path folder) throws IOException {
    if (names().noneMatch(name::equals)) {
      return Fixtures.path(name);
    }
    return of(name).write(folder.resolve(name));
  }

  /** For the reports of tests. */
  String name();

  /** {@code config.json}, with ' for ". */
  String config();

  /** Every tensor, those of a {@link #score} head among them. */
  List<TensorSpec> tensors();

  /** What the head reads of a row, [T][E]. */
  double[][] hidden(ReferenceLayers layers, int[] row);

  /** Logits [T][V] of that. */
  double[][] logits(ReferenceLayers layers, double[][] hidden);

  /** A tensor of F32. */
  static TensorSpec tensor(String name, long... dims) {
    return new TensorSpec(name, DType.F32, Shape.of(dims));
  }

  /** Weight [out, in], and a bias. */
  static List<TensorSpec> linear(String path, int out, int in, boolean bias) {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(tensor(path + ".weight", out, in));
    if (bias) {
      specs.add(tensor(path + ".bias", out));
    }
    return specs;
  }

  /** Factor and shift of a norm. */
  static List<TensorSpec> norm(String path) {
    return List.of(tensor(path + ".weight", WIDTH), tensor(path + ".bias", WIDTH));
  }

  /** A score head of two outputs. */
  static TensorSpec score(int width) {
    return tensor("score.weight", 2, width);
  }

  /** Around which the factors of norms are drawn. */
  default double meanScale() {
    return 1;
  }

  /** Writes the checkpoint. */
  default Path write(Path directory) throws IOException {
    return write(directory, name(), config(), tensors(), meanScale());
  }

  /**
   * Writes a checkpoint of random weights.
   *
   * @param name what they are drawn by
   * @param config with ' for "
   * @param meanScale around which the factors of norms are drawn
   */
  static Path write(
      Path directory, String name, String config, List<TensorSpec> tensors, double meanScale)
      throws IOException {
    Files.createDirectory(directory);
    Files.writeString(directory.resolve("config.json"), config.replace('\'', '"'));
    Random random = new Random(name.hashCode());
    try (SafetensorsWriter writer =
        SafetensorsWriter.create(directory.resolve("model.safetensors"), tensors)) {
      for (TensorSpec spec : tensors) {
        boolean scale = spec.shape().rank() == 1 && spec.name().endsWith(".weight");
        float[] values = new float[Math.toIntExact(spec.shape().elements())];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) ((scale ? meanScale : 0) + 0.15 * random.nextGaussian());
        }
        writer.write(spec.name(), values);
      }
      writer.finish();
    }
    return directory;
  }

  /** Logits [T][V] of a row, from the files. */
  default double[][] logits(ModelDirectory directory, int[] row) throws IOException {
    ReferenceLayers layers = new ReferenceLayers(directory);
    return logits(layers, hidden(layers, row));
  }

  /** The outputs of the score head at a row's last token, from the files. */
  default double[] scores(ModelDirectory directory, int[] row) throws IOException {
    ReferenceLayers layers = new ReferenceLayers(directory);
    return layers.linear("score", hidden(layers, row))[row.length - 1];
  }
}
