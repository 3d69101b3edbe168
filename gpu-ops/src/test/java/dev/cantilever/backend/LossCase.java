package dev.cantilever.backend;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * An output head and tokens of a size that hurts, with the values that go with them.
 *
 * @param head type that the head and its bias are stored in
 * @param scale factor on the logits
 * @param cap of the logits; 0 for none
 */
public record LossCase(
    int tokens,
    int vocabulary,
    int hiddenSize,
    DType head,
    boolean biased,
    float scale,
    float cap) {

  /** Printed with every failure by the name of the case; change it to see other values. */
  private static final long SEED = 20_260_102;

  /** A case with a head of F32. */
  public static LossCase of(
      int tokens, int vocabulary, int hiddenSize, boolean biased, float scale) {
    return of(tokens, vocabulary, hiddenSize, DType.F32, biased, scale);
  }

  private static LossCase of(
      int tokens, int vocabulary, int hiddenSize, DType head, boolean biased, float scale) {
    return new LossCase(tokens, vocabulary, hiddenSize, head, biased, scale, 0);
  }

  LossCase cappedAt(float other) {
    return new LossCase(tokens, vocabulary, hiddenSize, head, biased, scale, other);
  }

  LogitSpec logitSpec() {
    return new LogitSpec(scale, cap);
  }

  static Stream<LossCase> cases() {
    return Stream.of(
        of(1, 1, 1, false, 1),
        of(1, 2, 3, false, 1),
        of(5, 17, 3, true, 1),
        of(33, 100, 8, false, 1 / 0.7f),
        of(7, 2049, 16, false, 1),
        of(2, 5000, 40, true, 0.5f),
        of(64, 31, 5, false, 1),
        of(65, 1031, 33, true, 1),
        of(1, 3, 2, DType.F16, true, 1),
        of(33, 100, 8, DType.F16, false, 1 / 0.7f),
        of(7, 2049, 16, DType.BF16, true, 1),
        of(65, 1031, 33, DType.BF16, false, 0.5f),
        of(3, 9973, 24, DType.BF16, false, 1),
        of(1, 2, 3, false, 1).cappedAt(1),
        of(33, 100, 8, false, 1 / 0.7f).cappedAt(5),
        of(65, 1031, 33, true, 1).cappedAt(30),
        of(7, 2049, 16, DType.BF16, true, 1).cappedAt(4),
        of(2, 98_305, 8, DType.F16, true, 1).cappedAt(30),
        of(2, 98_305, 8, DType.F16, true, 1)); // more than one chunk on any device
  }

  /** [tokens, hiddenSize]. */
  public float[] hidden() {
    return TestValues.normal(SEED + tokens, tokens * hiddenSize);
  }

  /** [tokens, hiddenSize], not far from {@link #hidden}. */
  public float[] otherHidden() {
    float[] values = hidden();
    float[] noise = TestValues.normal(SEED + tokens + 1000, values.length);
    for (int i = 0; i < values.length; i++) {
      values[i] += 0.3f * noise[i];
    }
    return values;
  }

  /** [vocabulary, hiddenSize], as stored. */
  float[] weights() {
    return stored(TestValues.normal(SEED + vocabulary, vocabulary * hiddenSize));
  }

  /** [vocabulary], as stored; zeros if there is none. */
  float[] bias() {
    return biased
        ? stored(TestValues.normal(SEED + vocabulary + 1, vocabulary))
        : new float[vocabulary];
  }

  private float[] stored(float[] values) {
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (head) {
            case F16 -> HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(values[i]));
            case BF16 -> HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(values[i]));
            default -> values[i];
          };
    }
    return values;
  }

  /** [tokens]. */
  public int[] targets() {
    Random random = new Random(SEED);
    return IntStream.range(0, tokens).map(m -> random.nextInt(vocabulary)).toArray();
  }

  /** [tokens]. */
  public float[] dLogprobs() {
    return TestValues.normal(SEED + 7, tokens);
  }

  /** [vocabulary, hiddenSize], what a gradient of the head is added to. */
  float[] headSums() {
    return TestValues.normal(SEED + 8, vocabulary * hiddenSize);
  }

  /** [vocabulary], what that of its bias is added to. */
  float[] biasSums() {
    return TestValues.normal(SEED + 9, vocabulary);
  }

  /** Scaled logits of one token, in double precision. */
  double[] logits(float[] hidden, int token) {
    return ReferenceLossOps.logits(
        TestTensors.widen(hidden),
        token,
        TestTensors.widen(weights()),
        TestTensors.widen(bias()),
        logitSpec());
  }

  /** log softmax of each token's logits, [tokens][vocabulary], in double precision. */
  double[][] logSoftmax(float[] hidden) {
    double[] states = TestTensors.widen(hidden);
    double[] matrix = TestTensors.widen(weights());
    double[] vector = TestTensors.widen(bias());
    return IntStream.range(0, tokens)
        .mapToObj(m -> ReferenceLossOps.logSoftmax(states, m, matrix, vector, logitSpec()))
        .toArray(double[][]::new);
  }

  @Override
  public String toString() {
    return "M=%d V=%d C=%d head=%s bias=%s scale=%s cap=%s seed=%d"
        .formatted(tokens, vocabulary, hiddenSize, head, biased, scale, cap, SEED);
  }
}
