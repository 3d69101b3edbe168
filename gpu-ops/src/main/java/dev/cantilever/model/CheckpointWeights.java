package dev.cantilever.model;

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
 * The tensors of a checkpoint, streamed in windows. A weight in 8 bit is brought to the device as
 * stored and quantised there, one matrix at a time.
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
  void fill(WeightTarget to, Tensor target, String name, WeightRole role) throws IOException {
    if (!data) {
      return;
    }
    SafetensorsFile file = directory.file(name);
    TensorEntry entry = file.entry(name);
    to.stream(target, (offset, bytes, address) -> file.read(entry, offset, bytes, address));
  }

  @Override
  void fillInt8(
      WeightTarget to, Int8Weight target, FusedTensor matrix, WeightRole role, DType stored)
      throws IOException {
    String name = "loading " + matrix.modules().get(0);
    try (Arena staging = to.backend().budget().open(name, Purpose.WORKSPACE)) {
      Tensor values = Tensor.in(staging, stored, matrix.shape());
      fill(to, values, matrix, role);
      to.backend().matmul().quantize(target, values);
      to.backend().synchronize();
    }
  }
}
