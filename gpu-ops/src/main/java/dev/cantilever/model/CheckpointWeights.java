package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.SafetensorsFile;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;

/**
 * The tensors of a checkpoint, streamed from its files. A weight in 8 bit is brought to the device
 * as stored and quantised there, one matrix at a time, while the next is being read.
 */
final class CheckpointWeights extends WeightSource {

  private final ModelDirectory directory;
  private final boolean data;

  /**
   * The weights of an open directory.
   *
   * @param data whether bytes are read, or names, shapes and types only
   */
  CheckpointWeights(ModelDirectory directory, boolean data) {
    super(directory.config());
    this.directory = directory;
    this.data = data;
  }

  @Override
  public WeightSource withoutData() {
    return new CheckpointWeights(directory, false);
  }

  @Override
  Path path() {
    return directory.path();
  }

  @Override
  Path file(String name) {
    return directory.file(name).path();
  }

  @Override
  void require(String name) {
    directory.file(name);
  }

  @Override
  DType dtype(String name, Shape shape) {
    return directory.entry(name, shape).dtype();
  }

  @Override
  void fill(Backend to, Tensor target, String name, LinearStorage storage, WeightRole role)
      throws IOException {
    if (!data) {
      return;
    }
    SafetensorsFile file = directory.file(name);
    TensorEntry entry = directory.entry(name);
    to.transfers()
        .upload(
            target, (offset, bytes, address) -> storage.read(file, entry, offset, bytes, address));
  }

  @Override
  void fillInt8(Backend to, Int8Weight target, FusedTensor matrix, WeightRole role, DType stored)
      throws IOException {
    String name = "loading " + matrix.modules().get(0).path();
    try (Arena staging = to.budget().open(name, Purpose.WORKSPACE)) {
      Tensor values = Tensor.in(staging, stored, matrix.shape());
      fill(to, values, matrix, role);
      to.matmul().quantize(target, values);
    } // what is enqueued here comes before all that may have these bytes next
  }
}
