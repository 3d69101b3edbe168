package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;

/**
 * A tensor that an adapter has its own of. The model has what it is more than the base's, a file
 * the whole of it. A decay of weights therefore draws it to the base's, not to zero.
 */
abstract class HeldPart implements AdapterPart {

  private final DeviceCopies copies;
  private final SavedTensor tensor;
  private final Shape stored;
  private final Parameter change;

  /**
   * Takes room, for the base's values.
   *
   * @param tensor in a file
   * @param stored its shape there
   * @param shape as the model has it
   */
  HeldPart(Backend backend, Arena arena, SavedTensor tensor, Shape stored, Shape shape) {
    this.copies = new DeviceCopies(backend);
    this.tensor = tensor;
    this.stored = stored;
    this.change = Parameter.in(arena, tensor.name(), shape);
    backend.transfers().zero(change.value());
  }

  /** What it is more than the base's, F32. */
  final Parameter change() {
    return change;
  }

  /** Adds the base's values, in the model's order, times a factor. */
  abstract void addBase(float[] values, float factor);

  /** Values as the model has them, of such as a file has them. */
  abstract float[] toModel(float[] values);

  /** Values as a file has them, of such as the model has them. */
  abstract float[] toFile(float[] values);

  @Override
  public final Map<SavedTensor, Shape> saved() {
    return Map.of(tensor, stored);
  }

  @Override
  public final List<Parameter> parameters() {
    return List.of(change);
  }

  /** Leaves the base's values. */
  @Override
  public final void begin(long seed) {}

  @Override
  public final void putGradients(Map<String, float[]> gradients) {
    gradients.put(tensor.name(), toFile(copies.download(change.gradient())));
  }

  /** Takes a file's values, or the base's if it has none. */
  @Override
  public final void read(AdapterDirectory source) throws IOException {
    SavedTensor found = source.saved().get(tensor.baseName());
    if (found == null) {
      return;
    }
    Shape shape = source.file().entry(found.name()).shape();
    if (!shape.equals(stored)) {
      throw new CheckpointException(
          "%s: expected tensor '%s' of shape %s, found %s. Use the base this adapter was trained on."
              .formatted(source.file().path(), found.name(), stored, shape));
    }
    float[] values = toModel(source.read(found));
    addBase(values, -1);
    copies.upload(change.value(), values);
  }

  @Override
  public final void write(AdapterWriter writer) throws IOException {
    float[] values = copies.download(change.value());
    addBase(values, 1);
    writer.write(tensor, toFile(values));
  }
}
