package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.WeightBranch;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.Map;

/**
 * The matrix of a linear layer that an adapter holds whole. The model has what it is more than the
 * base's, in F32 beside a base of any storage, a file the whole of it. A decay of weights therefore
 * draws it to the base's, not to zero.
 */
final class WeightAdapter {

  /** Columns of the base's matrix that are read at once. */
  static final int COLUMNS = 16;

  private final DeviceCopies copies;
  private final LoraTarget target;
  private final SavedTensor saved;
  private final WeightBranch branch;

  /** Takes room, for the base's values; nothing is attached yet. */
  WeightAdapter(Backend backend, Arena arena, String name, LoraTarget target, boolean trainable) {
    this.copies = new DeviceCopies(backend);
    this.target = target;
    this.saved = SavedTensor.whole(target.path() + ".weight");
    Shape shape = Shape.of(target.outFeatures(), target.inFeatures());
    this.branch =
        new WeightBranch(
            name, Parameter.in(arena, saved.name(), shape), target.column(), trainable);
    backend.transfers().zero(branch.change().value());
  }

  void attach() {
    target.linear().attach(branch);
  }

  LoraTarget target() {
    return target;
  }

  SavedTensor saved() {
    return saved;
  }

  /** Its shape in a file. */
  Shape shape() {
    return target.storage().stored(branch.change().value().shape());
  }

  Parameter parameter() {
    return branch.change();
  }

  void putGradient(Map<String, float[]> gradients) {
    gradients.put(saved.name(), target.matrixToFile(copies.download(branch.change().gradient())));
  }

  /** Takes a file's values, or the base's if it has none. */
  void read(AdapterDirectory source, WeightReader base) throws IOException {
    SavedTensor found = source.saved().get(saved.baseName());
    if (found == null) {
      return;
    }
    Shape stored = source.file().entry(found.name()).shape();
    if (!stored.equals(shape())) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, found %s. Use the base this adapter was trained on."
              .formatted(source.file().path(), found.name(), shape(), stored));
    }
    float[] values = target.matrixToModel(source.read(found));
    base.addTo(values, target, -1);
    copies.upload(branch.change().value(), values);
  }

  void write(AdapterWriter writer, WeightReader base) throws IOException {
    float[] values = copies.download(branch.change().value());
    base.addTo(values, target, 1);
    writer.write(saved, target.matrixToFile(values));
  }
}
