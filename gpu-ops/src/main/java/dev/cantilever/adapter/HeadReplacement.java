package dev.cantilever.adapter;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.Optional;

/** Heads that an adapter holds whole, peft's {@code modules_to_save}, on a model that has them. */
final class HeadReplacement {

  private HeadReplacement() {}

  /**
   * Puts an adapter's own matrix and bias in place of a head's.
   *
   * @return whether it has any
   */
  static boolean attach(
      Backend backend, Arena arena, String name, AdapterDirectory source, Linear head)
      throws IOException {
    SavedTensor matrix = source.saved().get(head.name() + ".weight");
    if (matrix == null) {
      return false;
    }
    int out = head.weight().outFeatures();
    Tensor values =
        upload(backend, arena, source, matrix, Shape.of(out, head.weight().inFeatures()));
    Optional<Tensor> bias = Optional.empty();
    if (head.weight().bias().isPresent()) {
      SavedTensor own = source.saved().get(head.name() + ".bias");
      bias =
          own == null
              ? head.weight().bias()
              : Optional.of(upload(backend, arena, source, own, Shape.of(out)));
    }
    head.replace(name, DenseWeight.of(values, bias));
    return true;
  }

  private static Tensor upload(
      Backend backend, Arena arena, AdapterDirectory source, SavedTensor tensor, Shape shape)
      throws IOException {
    Shape found = source.file().entry(tensor.name()).shape();
    if (!found.equals(shape)) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, as the model's head, found %s. Use the base this adapter was trained on."
              .formatted(source.file().path(), tensor.name(), shape, found));
    }
    Tensor uploaded = Tensor.in(arena, DType.F32, shape);
    backend.transfers().upload(uploaded, source.read(tensor));
    return uploaded;
  }
}
