package dev.cantilever.hub;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;

/**
 * A layer that carries a LoRA branch: a linear one, or a table of embeddings, which counts as a
 * layer of as many inputs as it has rows.
 *
 * @param path its name in the model, for example {@code gpt_neox.layers.0.mlp.dense_4h_to_h}
 * @param inFeatures the length of its input, at least 1
 * @param outFeatures the length of its output, at least 1
 * @param embedding whether it is a table of embeddings, [in, out]
 */
public record LoraModule(String path, long inFeatures, long outFeatures, boolean embedding) {

  static final String PREFIX = "base_model.model.";
  static final String SUFFIX_A = ".lora_A.weight";
  static final String SUFFIX_B = ".lora_B.weight";
  static final String SUFFIX_EMBEDDING_A = ".lora_embedding_A";
  static final String SUFFIX_EMBEDDING_B = ".lora_embedding_B";
  static final String SUFFIX_MAGNITUDE = ".lora_magnitude_vector";
  static final String BASE_LAYER = ".base_layer";

  public LoraModule {
    if (path.isEmpty() || inFeatures < 1 || outFeatures < 1) {
      throw new CheckpointException(
          "Expected a named module of at least 1 input and output, found '%s' [%d, %d]. Correct it."
              .formatted(path, outFeatures, inFeatures));
    }
  }

  /** A linear layer. */
  public LoraModule(String path, long inFeatures, long outFeatures) {
    this(path, inFeatures, outFeatures, false);
  }

  /** The file's name for A, {@code [r, in]}. */
  public String nameA() {
    return PREFIX + path + (embedding ? SUFFIX_EMBEDDING_A : SUFFIX_A);
  }

  /** The file's name for B, {@code [out, r]}. */
  public String nameB() {
    return PREFIX + path + (embedding ? SUFFIX_EMBEDDING_B : SUFFIX_B);
  }

  /** The file's name for DoRA's length of each output, {@code [out]}. */
  public String nameMagnitude() {
    return PREFIX + path + SUFFIX_MAGNITUDE;
  }

  /** The module of a tensor whose name has the layout's prefix and {@code suffix}, or empty. */
  static String pathOf(String tensor, String suffix) {
    return tensor.startsWith(PREFIX)
            && tensor.endsWith(suffix)
            && tensor.length() > PREFIX.length() + suffix.length()
        ? tensor.substring(PREFIX.length(), tensor.length() - suffix.length())
        : "";
  }

  TensorSpec specMagnitude() {
    return new TensorSpec(nameMagnitude(), DType.F32, Shape.of(outFeatures));
  }

  TensorSpec specA(int r) {
    return new TensorSpec(nameA(), DType.F32, Shape.of(r, inFeatures));
  }

  TensorSpec specB(int r) {
    return new TensorSpec(nameB(), DType.F32, Shape.of(outFeatures, r));
  }
}
