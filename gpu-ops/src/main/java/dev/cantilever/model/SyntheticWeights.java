package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.Philox;
import dev.cantilever.hub.EightBitSettings;
import dev.cantilever.hub.LinearStorage;
import dev.cantilever.hub.ModelConfig;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;

/** Random weights from a description and a seed, made on the device. */
final class SyntheticWeights extends WeightSource {

  /** Of a fresh transformer: transformers' {@code initializer_range} by default. */
  private static final double DEVIATION = 0.02;

  private static final int LARGEST = 127;

  /** Standard deviation of a whole number uniform in −127..127. */
  private static final double INTEGER_DEVIATION =
      Math.sqrt((Math.pow(2.0 * LARGEST + 1, 2) - 1) / 12);

  /**
   * Outlier columns of a wide model, after Dettmers et al. 2022 (arXiv 2208.07339, section 4), who
   * find up to six feature dimensions with them. A narrow model has none.
   */
  private static final int MOST_OUTLIER_COLUMNS = 6;

  private static final int COLUMNS_FOR_AN_OUTLIER = 1024;

  /** Scale of a norm there: about half of such activations then reach the threshold of 6.0. */
  private static final float OUTLIER_SCALE = 8;

  private final long seed;
  private final DType stored;
  private final int layers;

  SyntheticWeights(ModelConfig config, long seed) {
    super(config);
    EightBitSettings.of(config); // refuses what another tool has quantised
    this.seed = seed;
    this.stored = config.dtype().orElse(DType.F16);
    this.layers = Families.of(config).architecture(config).layers();
  }

  @Override
  public WeightSource withoutData() {
    return this;
  }

  @Override
  Path path() {
    return config().file();
  }

  @Override
  Path file(String name) {
    return config().file();
  }

  /** Every tensor that the description asks for is there. */
  @Override
  void require(String name) {}

  @Override
  boolean has(String name) {
    return true;
  }

  /** Nothing is stored here twice. */
  @Override
  void requireSame(String name, String other, String otherwise) {}

  @Override
  boolean isSame(String name, String other) {
    return true;
  }

  @Override
  DType dtype(String name, Shape shape) {
    return stored;
  }

  @Override
  void fill(Backend to, Tensor target, String name, LinearStorage storage, WeightRole role)
      throws IOException {
    if (role == WeightRole.NORM_SCALE || role == WeightRole.NORM_OFFSET) {
      normScales(to, target, role == WeightRole.NORM_OFFSET ? 1 : 0);
      return;
    }
    float bound = (float) (deviation(role) * Math.sqrt(3));
    to.transfers().fillUniform(target, bound, key(name));
  }

  @Override
  void fillInt8(Backend to, Int8Weight target, FusedTensor matrix, WeightRole role, DType type) {
    float absmax = (float) (deviation(role) * LARGEST / INTEGER_DEVIATION);
    to.matmul().randomInt8(target, absmax, key(matrix.name(0)));
  }

  /** What is 8-bit is made so, whatever a checkpoint would hold. */
  @Override
  boolean storedInt8(FusedTensor matrix) {
    return false;
  }

  @Override
  void fillStoredInt8(Backend to, Int8Weight target, FusedTensor matrix) {
    throw new IllegalStateException("Expected no 8-bit rows from a seed. Report this.");
  }

  @Override
  void reportUnused() {}

  private double deviation(WeightRole role) {
    return role == WeightRole.RESIDUAL_PROJECTION ? DEVIATION / Math.sqrt(2.0 * layers) : DEVIATION;
  }

  /** The seed's key, made another by every character of a name in turn. */
  private long key(String name) {
    long key = seed;
    for (int i = 0; i < name.length(); i++) {
      key = Philox.key(key, name.charAt(i));
    }
    return key;
  }

  /**
   * One, but for a few columns whose activations become outliers, as those of large models.
   *
   * @param less what is taken from all of them
   */
  private static void normScales(Backend to, Tensor target, float less) throws IOException {
    float[] values = new float[target.size(0)];
    Arrays.fill(values, 1 - less);
    int outliers = Math.min(MOST_OUTLIER_COLUMNS, values.length / COLUMNS_FOR_AN_OUTLIER);
    for (int column = 0; column < outliers; column++) {
      values[column * (values.length / outliers)] = OUTLIER_SCALE - less;
    }
    to.transfers()
        .upload(
            target,
            (offset, bytes, address) -> {
              int from = (int) (offset / target.dtype().bytes());
              int count = (int) (bytes / target.dtype().bytes());
              if (target.dtype() == DType.F32) {
                HostMemory.put(address, values, from, count);
              } else {
                HostMemory.put(address, halves(target.dtype(), values, from, count), 0, count);
              }
            });
  }

  private static short[] halves(DType type, float[] values, int from, int count) {
    short[] bits = new short[count];
    for (int i = 0; i < count; i++) {
      bits[i] =
          type == DType.F16
              ? HalfPrecision.f32ToF16(values[from + i])
              : HalfPrecision.f32ToBf16(values[from + i]);
    }
    return bits;
  }
}
