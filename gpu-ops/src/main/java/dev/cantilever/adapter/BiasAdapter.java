package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.AdapterDirectory;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.BiasBranch;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An adapter's own bias of one module, or its own factors of a norm. The model has what it is more
 * than the base's, a file the whole of it. A decay of weights therefore draws it to the base's, not
 * to zero.
 */
final class BiasAdapter implements AdapterPart {

  private final DeviceCopies copies;
  private final BiasTarget target;
  private final HeldTensor held;
  private final BiasBranch branch;

  /** Takes room; nothing is attached yet. */
  BiasAdapter(Backend backend, Arena arena, String name, BiasTarget target, boolean trainable) {
    this.copies = new DeviceCopies(backend);
    this.target = target;
    Shape shape = Shape.of(target.size());
    this.held = new HeldTensor(target.tensor(), shape);
    this.branch =
        new BiasBranch(
            name,
            Parameter.in(arena, held.tensor().name(), shape),
            target.column(),
            Tensor.in(arena, DType.F32, target.size()),
            trainable);
    backend.transfers().zero(branch.zero());
    backend.transfers().zero(branch.change().value());
  }

  @Override
  public void attach() {
    target.attach(branch);
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
    gradients.put(held.tensor().name(), target.toFile(copies.download(branch.change().gradient())));
  }

  @Override
  public void read(AdapterDirectory source) throws IOException {
    Optional<float[]> own = held.in(source);
    if (own.isEmpty()) {
      return;
    }
    float[] values = target.toModel(own.get());
    float[] base = target.base();
    for (int o = 0; o < values.length; o++) {
      values[o] -= base[o];
    }
    copies.upload(branch.change().value(), values);
  }

  @Override
  public void write(AdapterWriter writer) throws IOException {
    float[] values = copies.download(branch.change().value());
    float[] base = target.base();
    for (int o = 0; o < values.length; o++) {
      values[o] += base[o];
    }
    writer.write(held.tensor(), target.toFile(values));
  }
}
