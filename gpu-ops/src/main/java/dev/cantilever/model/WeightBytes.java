package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Backends;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import java.io.IOException;
import java.util.Optional;

/**
 * The exact sizes of a model's arenas, so that each is opened as one piece.
 *
 * @param base bytes of the base weights, padding for alignment included
 * @param panels bytes of the weight panels; 0 where the backend has no use for them
 */
public record WeightBytes(long base, long panels) {

  /**
   * Loads a model on a device of shapes and bytes only, in the layout of the one given; no weight
   * is read.
   *
   * @param device where the model will be loaded
   * @throws dev.cantilever.hub.CheckpointException as loading itself would
   */
  public static WeightBytes of(
      Backend device, WeightSource source, BasePrecision precision, ModelKind<?> kind)
      throws IOException {
    try (Backend planned = Backends.planned(device);
        Arena base = planned.budget().open("base weights", Purpose.BASE_WEIGHTS);
        Arena panels = planned.budget().open("weight panels", Purpose.WEIGHT_PANELS)) {
      kind.load(
          new ModelLoader(planned, source.withoutData(), precision, base, Optional.of(panels)));
      return new WeightBytes(base.usedBytes(), panels.usedBytes());
    }
  }
}
