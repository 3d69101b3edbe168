package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.util.List;
import java.util.Optional;

/**
 * Streams tensors of a checkpoint to the device, checked against the shapes the description
 * demands; linear weights are quantised one by one, so that the peak is what is loaded plus one
 * matrix.
 */
final class WeightLoader {

  private static final long WINDOW_BYTES = 4L << 20;

  private final Backend backend;
  private final ModelDirectory directory;
  private final BasePrecision precision;
  private final Arena base;
  private final Optional<Arena> panels;

  WeightLoader(
      Backend backend,
      ModelDirectory directory,
      BasePrecision precision,
      Arena base,
      Optional<Arena> panels) {
    this.backend = backend;
    this.directory = directory;
    this.precision = precision;
    this.base = base;
    this.panels = panels;
  }

  /** An embedding table [rows, columns], as stored. */
  Tensor table(String path, int rows, int columns) throws IOException {
    return tensor(path + ".weight", Shape.of(rows, columns));
  }

  /** A vector [size], as stored. */
  Tensor vector(String name, int size) throws IOException {
    return tensor(name, Shape.of(size));
  }

  private Tensor tensor(String name, Shape shape) throws IOException {
    TensorEntry entry = floating(name, shape);
    Tensor tensor = Tensor.in(base, entry.dtype(), shape);
    read(tensor, entry);
    return tensor;
  }

  /** The language head [out, in]: as stored, without a bias. */
  Weight stored(String path, int out, int in) throws IOException {
    return panelled(DenseWeight.of(tensor(path + ".weight", Shape.of(out, in))));
  }

  /** A linear layer that is never quantised. */
  Weight dense(String path, int out, int in, boolean bias) throws IOException {
    Tensor values = tensor(path + ".weight", Shape.of(out, in));
    Optional<Tensor> added = bias ? Optional.of(vector(path + ".bias", out)) : Optional.empty();
    return DenseWeight.of(values, added);
  }

  /**
   * A linear layer of the base in its chosen precision, fused from one or more modules along the
   * outputs.
   *
   * @param paths modules in the order of their outputs
   * @param widths outputs of each
   */
  Weight linear(List<String> paths, List<Integer> widths, int in, boolean bias) throws IOException {
    int out = widths.stream().mapToInt(Integer::intValue).sum();
    Optional<Tensor> biases =
        bias ? Optional.of(fused(base, paths, widths, ".bias", new long[0])) : Optional.empty();
    if (precision == BasePrecision.STORED) {
      Tensor values = fused(base, paths, widths, ".weight", new long[] {in});
      return panelled(DenseWeight.of(values, biases));
    }
    Int8Mode mode = precision == BasePrecision.LLM_INT8 ? Int8Mode.LLM_INT8 : Int8Mode.WEIGHT_ONLY;
    long bytes = backend.matmul().int8Bytes(out, in);
    Int8Weight weight =
        new Int8Weight(
            out,
            in,
            Tensor.in(base, DType.I8, bytes),
            Tensor.in(base, DType.F32, out),
            mode,
            biases,
            Optional.empty());
    try (Arena staging = backend.budget().open("loading " + paths.get(0), Purpose.WORKSPACE)) {
      Tensor values = fused(staging, paths, widths, ".weight", new long[] {in});
      backend.matmul().quantize(weight, values);
      backend.synchronize();
    }
    return panelled(weight);
  }

  private Weight panelled(Weight weight) {
    long bytes = backend.matmul().panelBytes(weight);
    if (panels.isEmpty() || bytes == 0) {
      return weight;
    }
    Weight panelled = weight.withPanel(Tensor.in(panels.get(), DType.I8, bytes));
    backend.matmul().buildPanel(panelled);
    return panelled;
  }

  private Tensor fused(
      Arena arena, List<String> paths, List<Integer> widths, String suffix, long[] inner)
      throws IOException {
    DType dtype = directory.entry(paths.get(0) + suffix).dtype();
    long out = widths.stream().mapToLong(Integer::longValue).sum();
    Tensor target = Tensor.in(arena, dtype, shape(out, inner));
    long row = 0;
    for (int part = 0; part < paths.size(); part++) {
      TensorEntry entry = floating(paths.get(part) + suffix, shape(widths.get(part), inner));
      if (entry.dtype() != dtype) {
        throw new CheckpointException(
            "%s: expected '%s' to be stored as %s like '%s', found %s. Convert the checkpoint to one type."
                .formatted(
                    directory.path(), entry.name(), dtype, paths.get(0) + suffix, entry.dtype()));
      }
      read(target.slice(row, row + widths.get(part)), entry);
      row += widths.get(part);
    }
    return target;
  }

  private static Shape shape(long rows, long[] inner) {
    return inner.length == 0 ? Shape.of(rows) : Shape.of(rows, inner[0]);
  }

  private TensorEntry floating(String name, Shape shape) {
    TensorEntry entry = directory.entry(name, shape);
    if (!backend.capabilities().weightTypes().contains(entry.dtype())) {
      throw new CheckpointException(
          "%s: expected '%s' to be one of %s, found %s. Convert the checkpoint."
              .formatted(
                  directory.file(name).path(),
                  name,
                  backend.capabilities().weightTypes(),
                  entry.dtype()));
    }
    return entry;
  }

  private void read(Tensor target, TensorEntry entry) throws IOException {
    HostMemory host = new HostMemory();
    long window = Math.min(WINDOW_BYTES, Math.max(1, entry.bytes()));
    long staging = host.allocate(window);
    try {
      for (long offset = 0; offset < entry.bytes(); offset += window) {
        long bytes = Math.min(window, entry.bytes() - offset);
        directory.file(entry.name()).read(entry, offset, bytes, staging);
        Tensor part = Tensor.at(target.address() + offset, DType.I8, Shape.of(bytes));
        backend.transfers().upload(part, staging);
      }
    } finally {
      host.free(staging, window);
    }
  }
}
