package dev.cantilever.model;

import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.hub.PlainStorage;
import java.util.Optional;

/** From {@code config.json} to a description, and from a description to a checkpoint's names. */
public interface ArchitectureFamily {

  /** The {@code model_type} this family answers to. */
  String modelType();

  /**
   * Reads the description.
   *
   * @throws dev.cantilever.hub.CheckpointException if a key is missing or asks for something that
   *     this project does not compute
   */
  Architecture architecture(ModelConfig config);

  /** Whether a model of this config is this family's. */
  default boolean describes(ModelConfig config) {
    return modelType().equals(config.modelType());
  }

  /** The checkpoint's module paths. */
  CheckpointNames names();

  /** Those of an encoder, where {@link #names} are a decoder's that looks at one. */
  default Optional<EncoderNames> encoderNames() {
    return Optional.empty();
  }

  /**
   * How the checkpoint keeps a linear layer of a block.
   *
   * @param architecture its description
   * @param module path of the layer
   */
  default LinearStorage storage(Architecture architecture, String module) {
    return new PlainStorage();
  }
}
