package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * GPT-NeoX checkpoints of any size with random weights in fp16, as files.
 *
 * @param layers blocks
 * @param width of the residual stream, a multiple of 64
 * @param vocabulary tokens
 */
record SyntheticCheckpoint(int layers, int width, int vocabulary) {

  private static final int HEAD = 64;

  /** An odd number of values, so that no two rows of a matrix are alike. */
  private static final int VALUES = (2 << 20) - 1;

  private static final float BOUND = 0.03f;

  /** Numbers of the model. */
  long parameters() {
    return specs().stream().mapToLong(spec -> spec.shape().elements()).sum();
  }

  /**
   * Writes config and shards.
   *
   * @param folder does not exist yet
   * @param shardBytes most bytes of a file
   */
  void write(Path folder, long shardBytes) throws IOException {
    Path description = Files.createTempFile("synthetic", ".json");
    try {
      Files.writeString(description, config());
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(folder, ModelConfig.at(description), specs(), shardBytes)) {
        ByteBuffer values = values();
        for (TensorSpec spec : specs()) {
          for (long left = spec.bytes(); left > 0; left -= values.limit()) {
            writer.write(
                spec.name(), values.clear().limit((int) Math.min(values.capacity(), left)));
          }
        }
        writer.publish();
      }
    } finally {
      Files.delete(description);
    }
  }

  private String config() {
    return """
        {"model_type": "gpt_neox", "hidden_size": %d, "num_attention_heads": %d,
         "num_hidden_layers": %d, "intermediate_size": %d, "vocab_size": %d,
         "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 2048,
         "torch_dtype": "float16"}
        """
        .formatted(width, width / HEAD, layers, 4 * width, vocabulary);
  }

  private List<TensorSpec> specs() {
    List<TensorSpec> specs = new ArrayList<>();
    specs.add(tensor("gpt_neox.embed_in.weight", vocabulary, width));
    for (int layer = 0; layer < layers; layer++) {
      String block = "gpt_neox.layers." + layer;
      norm(specs, block + ".input_layernorm");
      norm(specs, block + ".post_attention_layernorm");
      linear(specs, block + ".attention.query_key_value", 3 * width, width);
      linear(specs, block + ".attention.dense", width, width);
      linear(specs, block + ".mlp.dense_h_to_4h", 4 * width, width);
      linear(specs, block + ".mlp.dense_4h_to_h", width, 4 * width);
    }
    norm(specs, "gpt_neox.final_layer_norm");
    specs.add(tensor("embed_out.weight", vocabulary, width));
    return specs;
  }

  private void norm(List<TensorSpec> specs, String path) {
    specs.add(tensor(path + ".weight", width));
    specs.add(tensor(path + ".bias", width));
  }

  private static void linear(List<TensorSpec> specs, String path, int out, int in) {
    specs.add(tensor(path + ".weight", out, in));
    specs.add(tensor(path + ".bias", out));
  }

  private static TensorSpec tensor(String name, long... dims) {
    return new TensorSpec(name, DType.F16, Shape.of(dims));
  }

  private static ByteBuffer values() {
    ByteBuffer values =
        ByteBuffer.allocateDirect(VALUES * DType.F16.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < VALUES; i++) {
      values.putShort(HalfPrecision.f32ToF16((float) random.nextDouble(-BOUND, BOUND)));
    }
    return values;
  }
}
