package dev.cantilever.model;

import dev.cantilever.hub.ModelConfig;

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

  /** The checkpoint's module paths. */
  CheckpointNames names();
}
