package dev.cantilever.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Shape;
import dev.cantilever.tensor.Tensor;
import java.io.IOException;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What every implementation of {@link Transfers} that has data must do. */
public abstract class TransfersConformance extends OpsConformance {

  /** More than one piece of whatever an implementation cuts its work into, and no round number. */
  private static final int MANY = 70_001;

  private static final float[] SPECIAL = {
    0, -0f, 1, -1.5f, Float.MIN_VALUE, Float.MAX_VALUE, Float.POSITIVE_INFINITY
  };

  @Test
  void arrays_uploadedAndDownloaded_areTheSameBits() {
    float[] floats = Arrays.copyOf(SPECIAL, MANY);
    int[] ints = {0, -1, Integer.MIN_VALUE, Integer.MAX_VALUE, 5};
    Tensor f = tensors.output(DType.F32, MANY);
    Tensor i = tensors.output(DType.I32, 5);

    backend.transfers().upload(f, floats);
    backend.transfers().upload(i, ints);
    float[] floatsBack = new float[MANY];
    int[] intsBack = new int[5];
    backend.transfers().download(floatsBack, f);
    backend.transfers().download(intsBack, i);

    Closeness.assertSameBits("floats", floatsBack, floats);
    assertThat(intsBack).isEqualTo(ints);
  }

  @Test
  void longs_uploaded_lieLittleEndian() {
    Tensor longs = tensors.of(new long[] {0x0102_0304_0506_0708L, -2});

    int[] halves = tensors.readInts(Tensor.at(longs.address(), DType.I32, Shape.of(4)));

    assertThat(halves).containsExactly(0x0506_0708, 0x0102_0304, -2, -1);
  }

  @Test
  void hostAddress_uploadedAndDownloaded_movesEveryByteAndNoOther() {
    byte[] bytes = new byte[MANY];
    for (int b = 0; b < MANY; b++) {
      bytes[b] = (byte) (b * 31 >>> 3);
    }
    HostMemory host = new HostMemory();
    long from = host.allocate(MANY);
    long to = host.allocate(MANY);
    try {
      HostMemory.put(from, bytes, 0, MANY);
      HostMemory.zero(to, MANY);
      Tensor device = tensors.output(DType.I8, MANY);
      backend.transfers().upload(device, from);
      // The host's memory is free again once an upload has returned.
      HostMemory.zero(from, MANY);
      backend.transfers().download(to, device.slice(0, MANY - 1));

      byte[] back = new byte[MANY];
      HostMemory.get(to, back, 0, MANY);
      bytes[MANY - 1] = 0;
      assertThat(back).isEqualTo(bytes);
    } finally {
      host.free(from, MANY);
      host.free(to, MANY);
    }
  }

  /** Bytes of which each is another than its neighbours and than those a part further on. */
  private static HostSource counting(int salt) {
    return (offset, bytes, address) -> {
      byte[] part = new byte[(int) bytes];
      for (int b = 0; b < part.length; b++) {
        part[b] = counted(offset + b, salt);
      }
      HostMemory.put(address, part, 0, part.length);
    };
  }

  private static byte counted(long at, int salt) {
    return (byte) (at * 31 + (at >>> 12) + (at >>> 22) + salt);
  }

  private void assertCounts(Tensor tensor, int salt) {
    int size = Math.toIntExact(tensor.bytes());
    HostMemory host = new HostMemory();
    long address = host.allocate(size);
    try {
      backend.transfers().download(address, tensor);
      byte[] found = new byte[size];
      HostMemory.get(address, found, 0, size);
      byte[] expected = new byte[size];
      for (int b = 0; b < size; b++) {
        expected[b] = counted(b, salt);
      }
      assertThat(Arrays.mismatch(found, expected)).as("first byte that differs").isEqualTo(-1);
    } finally {
      host.free(address, size);
    }
  }

  @Test
  void sources_uploadedOneAfterTheOther_areReadOnceAndArriveWhole() throws IOException {
    // More than any ring holds, less than a part, nothing to speak of, and more once again.
    int[] sizes = {37_000_001, 70_001, 1, 9_000_000};
    Tensor[] targets = new Tensor[sizes.length];
    AtomicLong read = new AtomicLong();
    long total = 0;
    for (int s = 0; s < sizes.length; s++) {
      targets[s] = tensors.output(DType.I8, sizes[s]);
      HostSource source = counting(s);
      backend
          .transfers()
          .upload(
              targets[s],
              (offset, bytes, address) -> {
                read.addAndGet(bytes);
                source.read(offset, bytes, address);
              });
      total += sizes[s];
      assertThat(read).as("bytes read when the upload returns").hasValue(total);
    }

    for (int s = 0; s < sizes.length; s++) {
      assertCounts(targets[s], s);
    }
  }

  @Test
  void source_thatFails_throwsItsOwnExceptionAndIsReadNoMore() throws IOException {
    Tensor target = tensors.output(DType.I8, 37_000_001);
    IOException broken = new IOException("broken at the middle");
    AtomicInteger running = new AtomicInteger();

    assertThatThrownBy(
            () ->
                backend
                    .transfers()
                    .upload(
                        target,
                        (offset, bytes, address) -> {
                          running.incrementAndGet();
                          try {
                            if (offset > 15_000_000) {
                              throw broken;
                            }
                            counting(0).read(offset, bytes, address);
                          } finally {
                            running.decrementAndGet();
                          }
                        }))
        .isSameAs(broken);
    assertThat(running).as("parts being read after the failure").hasValue(0);
    assertThatThrownBy(
            () ->
                backend
                    .transfers()
                    .upload(
                        target,
                        (offset, bytes, address) -> {
                          throw new IllegalStateException("a fault of the source");
                        }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("a fault of the source");

    backend.transfers().upload(target, counting(5));
    assertCounts(target, 5);
  }

  @Test
  void copy_otherShapeOfEqualSize_isTheSameBytes() {
    float[] values = tensors.normal(35, 1);
    Tensor target = tensors.output(DType.F32, 35);

    backend.transfers().copy(target, tensors.of(values, 5, 7));

    Closeness.assertSameBits("copy", tensors.read(target), values);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "I64", "I8"})
  void zero_anyType_clearsEveryByte(DType type) {
    Tensor tensor = tensors.output(type, 1004);

    backend.transfers().zero(tensor);

    long words = tensor.bytes() / 4;
    assertThat(tensors.readInts(Tensor.at(tensor.address(), DType.I32, Shape.of(words))))
        .containsOnly(0);
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F16", "BF16"})
  void convert_toSixteenBitsAndBack_roundsToNearestEven(DType type) {
    float[] values = tensors.normal(MANY, 3);
    System.arraycopy(SPECIAL, 0, values, 0, SPECIAL.length);
    values[SPECIAL.length] = 1 + 0x1p-9f; // ties of BF16
    values[SPECIAL.length + 1] = 1 + 3 * 0x1p-9f;
    values[SPECIAL.length + 2] = 1 + 0x1p-12f; // ties of F16
    values[SPECIAL.length + 3] = 1 + 3 * 0x1p-12f;

    Tensor narrow = tensors.stored(type, values, MANY);

    Closeness.assertSameBits(type.toString(), tensors.read(narrow), rounded(type, values));
  }

  @ParameterizedTest
  @EnumSource(
      value = DType.class,
      names = {"F32", "F16", "BF16"})
  void fillUniform_everyType_isPhiloxByElement(DType type) {
    long key = 0x0fed_cba9_8765_4321L;
    float bound = 0.0346f;
    for (int count : new int[] {1, 3, 4, 1023, MANY}) {
      Tensor tensor = tensors.output(type, count);

      backend.transfers().fillUniform(tensor, bound, key);

      float[] expected = new float[count];
      int[] words = new int[4];
      for (int e = 0; e < count; e++) {
        Philox.words(words, 0, key, e / 4, 0, 3, 0);
        expected[e] = bound * (2 * ((words[e % 4] >>> 8) * 0x1p-24f) - 1);
      }
      Closeness.assertSameBits(type + " " + count, tensors.read(tensor), rounded(type, expected));
    }
  }

  @Test
  void fillUniform_manyElements_haveTheLawsMeanAndDeviation() {
    Tensor tensor = tensors.output(DType.F32, MANY);

    backend.transfers().fillUniform(tensor, 2, 11);

    double sum = 0;
    double squares = 0;
    for (float value : tensors.read(tensor)) {
      assertThat(value).isBetween(-2f, 2f);
      sum += value;
      squares += (double) value * value;
    }
    // Six deviations of the mean, √(4/3/n), and of the mean square, √(64/45/n).
    assertThat(Math.abs(sum / MANY)).isLessThan(6 * Math.sqrt(4.0 / 3 / MANY));
    assertThat(Math.abs(squares / MANY - 4.0 / 3)).isLessThan(6 * Math.sqrt(64.0 / 45 / MANY));
  }

  @Test
  void everyOperation_wrongSizesOrTypes_isRefused() {
    Transfers transfers = backend.transfers();
    Tensor six = tensors.of(new float[6], 6);
    Tensor whole = tensors.of(new int[6]);
    assertRefused(() -> transfers.upload(six, new float[5]), "upload: expected 5 elements of F32");
    assertRefused(() -> transfers.upload(six, new int[6]), "upload: expected 6 elements of I32");
    assertRefused(() -> transfers.upload(six, new long[6]), "upload: expected 6 elements of I64");
    assertRefused(() -> transfers.download(new float[7], six), "download: expected 7 elements");
    assertRefused(() -> transfers.download(new int[6], six), "download: expected 6 elements");
    assertRefused(() -> transfers.copy(six, whole), "copy: expected tensors of equal type");
    assertRefused(() -> transfers.convert(six, whole), "convert: expected tensors of equal size");
    assertRefused(() -> transfers.fillUniform(whole, 1, 3), "fillUniform: expected target of");
    for (float bound : new float[] {-1, Float.NaN, Float.POSITIVE_INFINITY}) {
      assertRefused(() -> transfers.fillUniform(six, bound, 3), "fillUniform: expected bound as");
    }
  }

  private static void assertRefused(Runnable call, String message) {
    assertThatThrownBy(call::run)
        .isInstanceOf(ShapeException.class)
        .hasMessageStartingWith(message);
  }

  private static float[] rounded(DType type, float[] values) {
    float[] rounded = values.clone();
    for (int i = 0; i < rounded.length; i++) {
      if (type == DType.F16) {
        rounded[i] = HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(rounded[i]));
      } else if (type == DType.BF16) {
        rounded[i] = HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(rounded[i]));
      }
    }
    return rounded;
  }
}
