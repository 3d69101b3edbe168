package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.WeightBranch;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The matrix of a linear layer that an adapter holds whole. The model has what it is more than the
 * base's, in F32 beside a base of any storage, a file the whole of it. A decay of weights therefore
 * draws it to the base's, not to zero.
 */
final class WeightAdapter implements AdapterPart {

  /** Columns of the base's matrix that are read at once. */
  static final int COLUMNS = 16;

  private final DeviceCopies copies;
  private final LoraTarget target;
  private final WeightReader base;
  private final HeldTensor held;
  private final WeightBranch branch;

  /** Takes room, for the base's values; nothing is attached yet. */
  WeightAdapter(
      Backend backend,
      Arena arena,
      String name,
      LoraTarget target,
      WeightReader base,
      boolean trainable) {
    this.base = base;
    this.copies = new DeviceCopies(backend);
    this.target = target;
    Shape shape = Shape.of(target.outFeatures(), target.inFeatures());
    this.held =
        new HeldTensor(
            SavedTensor.whole(target.path() + ".weight"), target.storage().stored(shape));
    this.branch =
        new WeightBranch(
            name, Parameter.in(arena, held.tensor().name(), shape), target.column(), trainable);
    backend.transfers().zero(branch.change().value());
  }

  @Override
  public void attach() {
    target.linear().attach(branch);
  }

  @Override
  public Map<SavedTensor, Shape> saved() {
    return held.saved();
  }

  @Override
  public List<Parameter> parameters() {
    return List.of(branch.change());
  }

  /** Leaves the base's values. */
  @Override
  public void begin(long seed) {}

  @Override
  public void putGradients(Map<String, float[]> gradients) {
    gradients.put(
        held.tensor().name(), target.matrixToFile(copies.download(branch.change().gradient())));
  }

  /** Takes a file's values, or the base's if it has none. */
  @Override
  public void read(AdapterDirectory source) throws IOException {
    Optional<float[]> own = held.in(source);
    if (own.isEmpty()) {
      return;
    }
    float[] values = target.matrixToModel(own.get());
    base.addTo(values, target, -1);
    copies.upload(branch.change().value(), values);
  }

  @Override
  public void write(AdapterWriter writer) throws IOException {
    float[] values = copies.download(branch.change().value());
    base.addTo(values, target, 1);
    writer.write(held.tensor(), target.matrixToFile(values));
  }
}
