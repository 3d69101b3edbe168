package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.DistanceBias;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ConvolutionStorage;
import dev.cantilever.hub.EightBitSettings;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.PlainStorage;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.nn.LayerNorm;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import dev.cantilever.tensor.Weight;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Puts the tensors of a source on the device, checked against the shapes the description demands;
 * linear weights are made 8-bit one by one, so that the peak is what is loaded plus one matrix.
 */
final class WeightLoader {

  private final Backend backend;
  private final WeightSource source;
  private final BasePrecision precision;
  private final Arena base;
  private final Optional<Arena> panels;

  WeightLoader(
      Backend backend,
      WeightSource source,
      BasePrecision precision,
      Arena base,
      Optional<Arena> panels) {
    this.backend = backend;
    this.source = source;
    this.precision = precision;
    this.base = base;
    this.panels = panels;
  }

  /** An embedding table [rows, columns], as stored. */
  Tensor table(String path, int rows, int columns) throws IOException {
    return tensor(path + ".weight", Shape.of(rows, columns), WeightRole.PROJECTION);
  }

  /** The factor of a norm [size], as stored. */
  Tensor normScale(String path, int size) throws IOException {
    return tensor(path + ".weight", Shape.of(size), WeightRole.NORM_SCALE);
  }

  /**
   * The embedding of tokens that an encoder or decoder reads.
   *
   * @param path where the model has its embedding
   * @param shared that one, [V, E]
   * @param own where the encoder or decoder may have another
   */
  Tensor ownTable(String path, Tensor shared, String own) throws IOException {
    String found = TokenTable.path(source, path, own);
    return found.equals(path) ? shared : table(own, shared.size(0), shared.size(1));
  }

  /**
   * The factor of a norm [size] that is stored less 1: in F32, because a sum with 1 has more digits
   * than a 16-bit type keeps.
   */
  Tensor offsetScale(String path, int size) throws IOException {
    String name = path + ".weight";
    Shape shape = Shape.of(size);
    Tensor scale = constant(size, 1);
    try (Arena staging = backend.budget().open("loading " + name, Purpose.WORKSPACE)) {
      Tensor stored = Tensor.in(staging, floating(name, shape), shape);
      source.fill(backend, stored, name, new PlainStorage(), WeightRole.NORM_OFFSET);
      Tensor offset = Tensor.in(staging, DType.F32, shape);
      backend.transfers().convert(offset, stored);
      backend.activation().add(scale, scale, offset);
    } // what is enqueued here comes before all that may have these bytes next
    return scale;
  }

  /** What a norm or a layer adds [size], as stored. */
  Tensor shift(String path, int size) throws IOException {
    return tensor(path + ".bias", Shape.of(size), WeightRole.PROJECTION);
  }

  /** [size] F32, all of one value. */
  Tensor constant(int size, float value) {
    Tensor tensor = Tensor.in(base, DType.F32, size);
    float[] values = new float[size];
    Arrays.fill(values, value);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  /** [n] I32. */
  Tensor indices(int[] values) {
    Tensor tensor = Tensor.in(base, DType.I32, values.length);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  /** The biases of scores by distance, from the rows of a table [buckets, H]. */
  DistanceBias distanceBias(String path, BlockSpec block) throws IOException {
    DistanceBuckets buckets = block.distances().orElseThrow();
    int heads = block.attention().heads();
    int[] places = buckets.places();
    Shape shape = Shape.of(buckets.rows(), heads);
    String name = path + ".weight";
    float[] byDistance = new float[places.length * heads];
    try (Arena staging = backend.budget().open("loading " + name, Purpose.WORKSPACE)) {
      Tensor table = Tensor.in(staging, floating(name, shape), shape);
      source.fill(backend, table, name, new PlainStorage(), WeightRole.PROJECTION);
      Tensor rows = Tensor.in(staging, DType.F32, places.length, heads);
      Tensor indices = Tensor.in(staging, DType.I32, places.length);
      backend.transfers().upload(indices, places);
      backend.embedding().gather(rows, table, indices, false);
      backend.transfers().download(byDistance, rows);
    }
    float[] byHead = new float[byDistance.length];
    for (int d = 0; d < places.length; d++) {
      for (int h = 0; h < heads; h++) {
        byHead[h * places.length + d] = byDistance[d * heads + h];
      }
    }
    Tensor values = Tensor.in(base, DType.F32, heads, places.length);
    backend.transfers().upload(values, byHead);
    return new DistanceBias(values);
  }

  /** The same as F32. */
  Tensor widened(Tensor stored) {
    Tensor tensor = Tensor.in(base, DType.F32, stored.shape());
    backend.transfers().convert(tensor, stored);
    return tensor;
  }

  /** The rows of an F32 tensor [rows, size], normalised by a norm of the checkpoint. */
  Tensor normalized(Tensor rows, LayerNorm norm) {
    Tensor tensor = Tensor.in(base, DType.F32, rows.shape());
    backend.norm().layerNorm(tensor, rows, norm.gamma(), norm.beta(), norm.eps());
    return tensor;
  }

  private Tensor tensor(String name, Shape shape, WeightRole role) throws IOException {
    Tensor tensor = Tensor.in(base, floating(name, shape), shape);
    source.fill(backend, tensor, name, new PlainStorage(), role);
    return tensor;
  }

  /**
   * The language head [out, in]: as stored.
   *
   * @param path of the matrix
   * @param bias path of the module that has a bias for it, if one has
   */
  Weight head(String path, Optional<String> bias, int out, int in) throws IOException {
    Tensor values = table(path, out, in);
    Optional<Tensor> added = Optional.empty();
    if (bias.isPresent()) {
      added = Optional.of(shift(bias.get(), out));
    }
    return panelled(DenseWeight.of(values, added));
  }

  /** A linear layer of a classifier's head, in 8 bit only where the checkpoint has it so. */
  Weight dense(String path, int out, int in, boolean bias) throws IOException {
    List<LinearPart> parts = List.of(new LinearPart(path, out, new PlainStorage()));
    if (source.storedInt8(new FusedTensor(parts, ".weight", in))) {
      return linear(parts, in, bias, WeightRole.PROJECTION);
    }
    Tensor values = table(path, out, in);
    Optional<Tensor> added = bias ? Optional.of(shift(path, out)) : Optional.empty();
    return DenseWeight.of(values, added);
  }

  /** A convolution as a product, [size, kernel·size], that is never quantised. */
  Weight convolution(String path, int size, ConvolutionSpec spec) throws IOException {
    LinearStorage storage = new ConvolutionStorage(spec.kernel(), spec.groups());
    LinearPart part = new LinearPart(path, size, storage);
    FusedTensor matrix = new FusedTensor(List.of(part), ".weight", spec.kernel() * size);
    Tensor values = fused(matrix, WeightRole.PROJECTION);
    return panelled(DenseWeight.of(values, Optional.of(shift(path, size))));
  }

  /**
   * A linear layer of the base in its chosen precision, fused from one or more modules along the
   * outputs. Of a checkpoint in 8 bit a layer is held as it is stored, in 8 bit or not.
   *
   * @param parts modules in the order of their outputs
   */
  Weight linear(List<LinearPart> parts, int in, boolean bias, WeightRole role) throws IOException {
    Optional<Tensor> biases =
        bias ? Optional.of(fused(new FusedTensor(parts, ".bias", 0), role)) : Optional.empty();
    FusedTensor matrix = new FusedTensor(parts, ".weight", in);
    boolean storedInt8 = source.storedInt8(matrix);
    if (!storedInt8 && (precision == BasePrecision.STORED || source.eightBit().isPresent())) {
      return panelled(DenseWeight.of(fused(matrix, role), biases));
    }
    int out = Math.toIntExact(matrix.shape().dim(0));
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
    if (storedInt8) {
      requireThreshold(mode);
      source.fillStoredInt8(backend, weight, matrix);
    } else {
      source.fillInt8(backend, weight, matrix, role, floating(matrix));
    }
    return panelled(weight);
  }

  private void requireThreshold(Int8Mode mode) {
    double threshold =
        source
            .eightBit()
            .map(EightBitSettings::threshold)
            .orElse((double) Int8Weight.OUTLIER_THRESHOLD);
    if (mode == Int8Mode.LLM_INT8 && threshold != Int8Weight.OUTLIER_THRESHOLD) {
      throw new CheckpointException(
          "%s: expected 'quantization_config.llm_int8_threshold' to be %s, found %s. Execute the model in weight-only mode, which has no threshold."
              .formatted(source.config().file(), Int8Weight.OUTLIER_THRESHOLD, threshold));
    }
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

  private Tensor fused(FusedTensor fused, WeightRole role) throws IOException {
    Tensor tensor = Tensor.in(base, floating(fused), fused.shape());
    source.fill(backend, tensor, fused, role);
    return tensor;
  }

  /** The type that all parts are stored in, or F32 if they differ, which holds all of them. */
  private DType floating(FusedTensor fused) {
    DType dtype = floating(fused.name(0), fused.storedShape(0));
    for (int part = 1; part < fused.parts(); part++) {
      DType other = floating(fused.name(part), fused.storedShape(part));
      dtype = other == dtype ? dtype : DType.F32;
    }
    return dtype;
  }

  private DType floating(String name, Shape shape) {
    DType dtype = source.dtype(name, shape);
    if (!backend.capabilities().weightTypes().contains(dtype)) {
      throw new CheckpointException(
          "%s: expected '%s' to be one of %s, found %s. Convert the checkpoint."
              .formatted(source.file(name), name, backend.capabilities().weightTypes(), dtype));
    }
    return dtype;
  }

  /** Waits until everything is on the device. */
  void finish() {
    backend.synchronize();
    source.reportUnused();
  }
}
