package dev.cantilever.adapter;

import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.Map;
import java.util.Optional;

/**
 * A tensor of the base that an adapter has its own of, of which the model has what it is more.
 *
 * @param tensor in an adapter's file
 * @param shape there
 */
record HeldTensor(SavedTensor tensor, Shape shape) {

  /** As what a file has of a part. */
  Map<SavedTensor, Shape> saved() {
    return Map.of(tensor, shape);
  }

  /**
   * A file's values, as the file has them.
   *
   * @return nothing if it has none: the base's, then
   * @throws CheckpointException if they are of another shape
   */
  Optional<float[]> in(AdapterDirectory source) throws IOException {
    SavedTensor found = source.saved().get(tensor.baseName());
    if (found == null) {
      return Optional.empty();
    }
    Shape stored = source.file().entry(found.name()).shape();
    if (!stored.equals(shape)) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, found %s. Use the base this adapter was trained on."
              .formatted(source.file().path(), found.name(), shape, stored));
    }
    return Optional.of(source.read(found));
  }
}
