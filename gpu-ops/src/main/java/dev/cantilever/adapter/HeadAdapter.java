package dev.cantilever.adapter;

import dev.cantilever.autograd.Parameter;
import dev.cantilever.backend.Backend;
import dev.cantilever.backend.HeadGradient;
import dev.cantilever.hub.AdapterConfig;
import dev.cantilever.hub.LoraBias;
import dev.cantilever.hub.SavedTensor;
import dev.cantilever.memory.Arena;
import dev.cantilever.nn.Linear;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What an adapter has its own of in a head: all of it, or its bias alone. */
final class HeadAdapter implements OwnTensors {

  private final String adapter;
  private final Linear head;
  private final DenseWeight base;
  private final Optional<OwnTensor> matrix;
  private final Optional<OwnTensor> bias;

  private HeadAdapter(
      String adapter,
      Linear head,
      DenseWeight base,
      Optional<OwnTensor> matrix,
      Optional<OwnTensor> bias) {
    this.adapter = adapter;
    this.head = head;
    this.base = base;
    this.matrix = matrix;
    this.bias = bias;
  }

  /**
   * Takes room for what the settings ask for; nothing is attached yet.
   *
   * @param branch whether the head carries a branch of the adapter
   * @return nothing if they ask for nothing of this head
   */
  static Optional<HeadAdapter> of(
      Backend backend,
      Arena arena,
      String adapter,
      AdapterConfig config,
      Linear head,
      boolean branch,
      boolean trainable) {
    boolean whole = config.modules().isSaved(head.name());
    boolean biased =
        config.bias() == LoraBias.ALL || (branch && config.bias() == LoraBias.LORA_ONLY);
    if (!(head.weight() instanceof DenseWeight base)
        || !(whole || (biased && head.weight().bias().isPresent()))) {
      return Optional.empty();
    }
    Optional<OwnTensor> matrix = Optional.empty();
    if (whole) {
      SavedTensor saved = SavedTensor.whole(head.name() + ".weight");
      matrix = Optional.of(new OwnTensor(backend, arena, saved, base.values(), trainable));
    }
    SavedTensor saved = SavedTensor.bias(head.name(), branch);
    return Optional.of(
        new HeadAdapter(
            adapter,
            head,
            base,
            matrix,
            base.bias().map(b -> new OwnTensor(backend, arena, saved, b, trainable))));
  }

  Linear head() {
    return head;
  }

  @Override
  public List<OwnTensor> tensors() {
    return Stream.concat(matrix.stream(), bias.stream()).toList();
  }

  @Override
  public void attach() {
    Optional<Tensor> ownBias = bias.map(OwnTensor::acting);
    DenseWeight own =
        matrix.isPresent()
            ? DenseWeight.of(matrix.get().acting(), ownBias)
            : new DenseWeight(base.values(), ownBias, base.panel());
    head.replace(adapter, own, new HeadGradient(gradient(matrix), gradient(bias)));
  }

  private static Optional<Tensor> gradient(Optional<OwnTensor> tensor) {
    return tensor.flatMap(OwnTensor::parameter).map(Parameter::gradient);
  }
}
