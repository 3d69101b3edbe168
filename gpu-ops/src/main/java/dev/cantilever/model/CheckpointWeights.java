package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.EightBitSettings;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.hub.TensorFile;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongConsumer;

/**
 * The tensors of a checkpoint, streamed from its files. A weight in 8 bit is brought to the device
 * as stored and quantised there, one matrix at a time, while the next is being read; where the
 * checkpoint has 8-bit rows, these are what is brought.
 */
final class CheckpointWeights extends WeightSource {

  private final ModelDirectory directory;
  private final boolean data;
  private final LongConsumer read;
  private final Optional<EightBitSettings> eightBit;
  private final UnusedTensors unused = new UnusedTensors();
  private final Map<List<String>, Boolean> compared; // of two names each

  /**
   * The weights of an open directory.
   *
   * @param data whether bytes are read, or names, shapes and types only
   * @param read told of bytes as they have been read
   */
  CheckpointWeights(ModelDirectory directory, boolean data, LongConsumer read) {
    this(directory, data, read, new ConcurrentHashMap<>());
  }

  private CheckpointWeights(
      ModelDirectory directory,
      boolean data,
      LongConsumer read,
      Map<List<String>, Boolean> compared) {
    super(directory.config());
    this.directory = directory;
    this.data = data;
    this.read = read;
    this.eightBit = EightBitSettings.of(directory.config());
    this.compared = compared;
  }

  @Override
  public WeightSource withoutData() {
    return new CheckpointWeights(directory, false, read, compared);
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
  boolean has(String name) {
    return directory.contains(name);
  }

  @Override
  void requireSame(String name, String other, String otherwise) throws IOException {
    unused.use(directory.entry(name).name());
    unused.use(directory.entry(other).name());
    if (data && !isEqual(name, other)) {
      throw new CheckpointException(
          "%s: expected '%s' and '%s' to be the same, because the model has one tensor for both, found them to differ. %s."
              .formatted(directory.path(), name, other, otherwise));
    }
  }

  @Override
  boolean isSame(String name, String other) throws IOException {
    unused.use(directory.entry(name).name());
    unused.use(directory.entry(other).name());
    return isEqual(name, other);
  }

  /** The first asked of two names compares them, which may take as long as loading both. */
  private boolean isEqual(String name, String other) throws IOException {
    List<String> names = List.of(name, other);
    Boolean known = compared.get(names);
    if (known == null) {
      known = directory.same(name, other);
      compared.put(names, known);
    }
    return known;
  }

  @Override
  DType dtype(String name, Shape shape) {
    TensorEntry entry = directory.entry(name, shape);
    unused.use(entry.name());
    return entry.dtype();
  }

  @Override
  void fill(Backend to, Tensor target, String name, LinearStorage storage, WeightRole role)
      throws IOException {
    if (!data) {
      return;
    }
    TensorFile file = directory.file(name);
    TensorEntry entry = directory.entry(name);
    to.transfers()
        .upload(
            target,
            (offset, bytes, address) -> {
              storage.read(file, entry, offset, bytes, address);
              read.accept(bytes);
            });
  }

  @Override
  Optional<EightBitSettings> eightBit() {
    return eightBit;
  }

  @Override
  boolean storedInt8(FusedTensor matrix) {
    for (int part = 0; part < matrix.parts(); part++) {
      if (eightBit.isPresent() && directory.entry(matrix.name(part)).dtype() == DType.I8) {
        return true;
      }
    }
    return false;
  }

  @Override
  void fillStoredInt8(Backend to, Int8Weight target, FusedTensor matrix) throws IOException {
    try (Arena staging = to.budget().open(loading(matrix), Purpose.WORKSPACE)) {
      Tensor integers = Tensor.in(staging, DType.I8, matrix.shape());
      long row = 0;
      for (LinearPart part : matrix.modules()) {
        requireQuantised(part);
        EightBitRows rows = EightBitRows.of(directory, part, matrix.inner());
        rows.names().forEach(unused::use);
        long end = row + part.width();
        if (data) {
          rows.fill(to, integers.slice(row, end), target.absmax().slice(row, end));
          read.accept(integers.slice(row, end).bytes());
        }
        row = end;
      }
      to.matmul().writeInt8(target, integers);
    } // what is enqueued here comes before all that may have these bytes next
  }

  private void requireQuantised(LinearPart part) {
    if (eightBit.filter(settings -> settings.skips(part.path())).isPresent()) {
      throw new CheckpointException(
          "%s: expected '%s' not to be in 8 bit, because llm_int8_skip_modules names it, found I8. Use config and weights of one version."
              .formatted(directory.path(), part.path()));
    }
  }

  @Override
  void reportUnused() {
    if (data) {
      unused.report(directory);
    }
  }

  private static String loading(FusedTensor matrix) {
    return "loading " + matrix.modules().get(0).path();
  }

  @Override
  void fillInt8(Backend to, Int8Weight target, FusedTensor matrix, WeightRole role, DType stored)
      throws IOException {
    try (Arena staging = to.budget().open(loading(matrix), Purpose.WORKSPACE)) {
      Tensor values = Tensor.in(staging, stored, matrix.shape());
      fill(to, values, matrix, role);
      to.matmul().quantize(target, values);
    } // what is enqueued here comes before all that may have these bytes next
  }
}
