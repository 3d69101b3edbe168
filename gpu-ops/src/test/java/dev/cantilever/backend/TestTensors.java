package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.memory.Arena;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.PackedRows;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Makes the tensors of one test: values drawn from a seed, every tensor between two guard bands
 * whose bytes {@link #verifyGuards} finds as they were unless an operation wrote past an end.
 */
public final class TestTensors {

  private static final int GUARD_WORDS = 64;

  /**
   * Read as F32, F16 or BF16 it is a NaN, so an element that an operation forgot fails its
   * comparison.
   */
  private static final int PATTERN = 0x7fc17fc1;

  private record Guarded(Tensor words, Tensor tensor) {}

  private final Backend backend;
  private final Arena arena;
  private final long seed;
  private final Random random;
  private final List<Guarded> guarded = new ArrayList<>();

  /** Allocates in {@code arena} and draws from {@code seed}. */
  public TestTensors(Backend backend, Arena arena, long seed) {
    this.backend = backend;
    this.arena = arena;
    this.seed = seed;
    this.random = new Random(seed);
  }

  /** A tensor filled with a pattern that is not a number. */
  public Tensor output(DType type, long... dims) {
    Shape shape = Shape.of(dims);
    int words = Math.toIntExact((shape.bytes(type) + 3) / 4);
    Tensor around = Tensor.in(arena, DType.I32, words + 2L * GUARD_WORDS);
    int[] pattern = new int[words + 2 * GUARD_WORDS];
    Arrays.fill(pattern, PATTERN);
    backend.transfers().upload(around, pattern);
    Tensor tensor = Tensor.at(around.address() + 4L * GUARD_WORDS, type, shape);
    guarded.add(new Guarded(around, tensor));
    return tensor;
  }

  /** An F32 tensor of these values. */
  public Tensor of(float[] values, long... dims) {
    Tensor tensor = output(DType.F32, dims);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  /** A tensor of these values rounded to a storage type. */
  public Tensor stored(DType type, float[] values, long... dims) {
    Tensor tensor = output(type, dims);
    backend.transfers().convert(tensor, of(values, dims));
    return tensor;
  }

  /** An I32 vector. */
  public Tensor of(int... values) {
    Tensor tensor = output(DType.I32, values.length);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  /** An I64 vector. */
  public Tensor of(long[] values) {
    Tensor tensor = output(DType.I64, values.length);
    backend.transfers().upload(tensor, values);
    return tensor;
  }

  /** Rows of these lengths, packed. */
  public PackedRows rows(int... lengths) {
    int[] offsets = new int[lengths.length + 1];
    for (int r = 0; r < lengths.length; r++) {
      offsets[r + 1] = offsets[r] + lengths[r];
    }
    return new PackedRows(offsets, of(offsets));
  }

  /** Normal numbers of a standard deviation. */
  public float[] normal(int count, double deviation) {
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() * deviation);
    }
    return values;
  }

  /** Whole numbers in [0, bound). */
  public int[] indices(int count, int bound) {
    int[] values = new int[count];
    for (int i = 0; i < count; i++) {
      values[i] = random.nextInt(bound);
    }
    return values;
  }

  /** A permutation of [0, count). */
  public int[] permutation(int count) {
    int[] order = new int[count];
    for (int i = 0; i < count; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
    return order;
  }

  /** The elements of a floating-point tensor, widened. */
  public float[] read(Tensor tensor) {
    Tensor wide = tensor;
    if (tensor.dtype() != DType.F32) {
      wide = Tensor.in(arena, DType.F32, tensor.shape());
      backend.transfers().convert(wide, tensor);
    }
    float[] values = new float[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, wide);
    return values;
  }

  /** The elements of an F64 tensor. */
  public double[] readDoubles(Tensor tensor) {
    double[] values = new double[Math.toIntExact(tensor.elements())];
    byte[] bytes = readBytes(Tensor.at(tensor.address(), DType.I8, Shape.of(tensor.bytes())));
    ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer().get(values);
    return values;
  }

  /** The elements of an I32 tensor. */
  public int[] readInts(Tensor tensor) {
    int[] values = new int[Math.toIntExact(tensor.elements())];
    backend.transfers().download(values, tensor);
    return values;
  }

  /** The elements of an I8 tensor in memory made by {@link #output}. */
  public byte[] readBytes(Tensor tensor) {
    int count = Math.toIntExact(tensor.elements());
    int[] words = readInts(Tensor.at(tensor.address(), DType.I32, Shape.of((count + 3) / 4)));
    byte[] values = new byte[count];
    for (int i = 0; i < count; i++) {
      values[i] = (byte) (words[i / 4] >> 8 * (i % 4));
    }
    return values;
  }

  /** Fails if a byte around any tensor made here has changed. */
  public void verifyGuards() {
    for (Guarded guard : guarded) {
      int[] words = readInts(guard.words());
      for (int i = 0; i < GUARD_WORDS; i++) {
        assertThat(words[i]).as("word before %s, seed %d", guard.tensor(), seed).isEqualTo(PATTERN);
        assertThat(words[words.length - 1 - i])
            .as("word behind %s, seed %d", guard.tensor(), seed)
            .isEqualTo(PATTERN);
      }
    }
  }

  /** The values as doubles. */
  public static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }

  /** The rows of a row-major matrix in another order. */
  public static float[] permuted(float[] matrix, int columns, int[] order) {
    float[] result = new float[matrix.length];
    for (int n = 0; n < order.length; n++) {
      System.arraycopy(matrix, order[n] * columns, result, n * columns, columns);
    }
    return result;
  }

  /** Rows {@code [from, to)} of a row-major matrix. */
  public static float[] rowsOf(float[] matrix, int columns, int from, int to) {
    return Arrays.copyOfRange(matrix, from * columns, to * columns);
  }

  @Override
  public String toString() {
    return "seed " + seed;
  }
}
