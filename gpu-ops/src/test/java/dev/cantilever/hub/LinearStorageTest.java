package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LinearStorageTest {

  @TempDir Path folder;

  /** Parts that begin and end within rows, of matrices that are wide, high, or a single row. */
  @ParameterizedTest
  @CsvSource({"70, 45, F16, 97", "5, 300, F32, 64", "300, 5, BF16, 1000", "1, 9, F32, 4"})
  void transposed_readInParts_isTheTranspose(int in, int out, DType type, int part)
      throws IOException {
    short[] high = new short[in * out];
    short[] low = new short[in * out];
    for (int e = 0; e < high.length; e++) {
      high[e] = (short) (0x3c00 + e % 500); // finite, and with its fellow unlike any other
      low[e] = (short) (e / 500);
    }

    ByteBuffer found = read(new TransposedStorage(), in, out, type, high, low, part);

    for (int o = 0; o < out; o++) {
      for (int i = 0; i < in; i++) {
        int stored = i * out + o;
        if (type == DType.F32) {
          assertThat(found.getShort()).isEqualTo(low[stored]);
        }
        assertThat(found.getShort()).as("[%d, %d]", o, i).isEqualTo(high[stored]);
      }
    }
  }

  /** Two heads of 6, of which 4 turn; parts that begin and end within rows. */
  @ParameterizedTest
  @CsvSource({"5, 1", "5, 7", "5, 60"})
  void rotaryPairs_readInParts_areHalves(int in, int part) throws IOException {
    int[] order = {0, 2, 1, 3, 4, 5, 6, 8, 7, 9, 10, 11};
    short[] high = new short[order.length * in];
    for (int e = 0; e < high.length; e++) {
      high[e] = (short) e;
    }
    LinearStorage storage = new RotaryPairStorage(6, 4);

    ByteBuffer found = read(storage, order.length, in, DType.F16, high, new short[0], part);

    for (int o = 0; o < order.length; o++) {
      assertThat(storage.storedOutput(o)).isEqualTo(order[o]);
      for (int i = 0; i < in; i++) {
        assertThat(found.getShort()).as("[%d, %d]", o, i).isEqualTo(high[order[o] * in + i]);
      }
    }
    assertThat(new RotaryPairStorage(8, 8).storedOutput(3)).isEqualTo(6);
    assertThat(new RotaryPairStorage(8, 8).storedOutput(12)).isEqualTo(9);
  }

  /** Two groups of two outputs and three channels; parts that begin and end within rows. */
  @ParameterizedTest
  @CsvSource({"F16, 1", "F16, 7", "F32, 18", "F32, 100"})
  void convolution_readInParts_hasNeighboursSideBySide(DType type, int part) throws IOException {
    int kernel = 3;
    int channels = 3;
    short[] high = new short[4 * channels * kernel];
    for (int e = 0; e < high.length; e++) {
      high[e] = (short) (e + 1);
    }
    LinearStorage storage = new ConvolutionStorage(kernel, 2);
    Shape model = Shape.of(4, kernel * 2 * channels);
    assertThat(storage.stored(model)).isEqualTo(Shape.of(4, channels, kernel));
    assertThat(storage.stored(Shape.of(4))).isEqualTo(Shape.of(4));

    ByteBuffer found = read(storage, storage.stored(model), model, type, high, new short[36], part);

    for (int o = 0; o < 4; o++) {
      for (int tap = 0; tap < kernel; tap++) {
        for (int i = 0; i < 2 * channels; i++) {
          if (type == DType.F32) {
            found.getShort();
          }
          int expected =
              i / channels == o / 2 ? high[(o * channels + i % channels) * kernel + tap] : 0;
          assertThat(found.getShort()).as("[%d, %d, %d]", o, tap, i).isEqualTo((short) expected);
        }
      }
    }
  }

  @Test
  void transposed_shapes_swapTheAxesOfTheMatrixAlone() {
    assertThat(new TransposedStorage().stored(Shape.of(6, 2))).isEqualTo(Shape.of(2, 6));
    assertThat(new TransposedStorage().stored(Shape.of(6))).isEqualTo(Shape.of(6));
    assertThat(new PlainStorage().stored(Shape.of(6, 2))).isEqualTo(Shape.of(6, 2));
  }

  /** The bytes as a model has them, of a matrix [rows, columns], so many elements at a time. */
  private ByteBuffer read(
      LinearStorage storage, int rows, int columns, DType type, short[] high, short[] low, int part)
      throws IOException {
    Shape shape = Shape.of(rows, columns);
    return read(storage, shape, shape, type, high, low, part);
  }

  private ByteBuffer read(
      LinearStorage storage,
      Shape file,
      Shape model,
      DType type,
      short[] high,
      short[] low,
      int part)
      throws IOException {
    int size = type.bytes();
    ByteBuffer stored =
        ByteBuffer.allocate(Math.toIntExact(file.bytes(type))).order(ByteOrder.LITTLE_ENDIAN);
    for (int e = 0; e < high.length; e++) {
      if (size == Float.BYTES) {
        stored.putShort(low[e]);
      }
      stored.putShort(high[e]);
    }
    Path path = folder.resolve("matrix.safetensors");
    TensorSpec spec = new TensorSpec("w", type, file);
    try (SafetensorsWriter writer = SafetensorsWriter.create(path, List.of(spec))) {
      writer.write("w", stored.flip());
      writer.finish();
    }
    HostMemory host = new HostMemory();
    long total = model.bytes(type);
    long address = host.allocate(total);
    try (SafetensorsFile opened = SafetensorsFile.open(path)) {
      List<Long> offsets = new ArrayList<>();
      for (long offset = 0; offset < total; offset += (long) part * size) {
        offsets.add(0, offset);
      }
      for (long offset : offsets) { // in any order
        long bytes = Math.min((long) part * size, total - offset);
        storage.read(opened, opened.entry("w"), offset, bytes, address + offset);
      }
      byte[] bytes = new byte[Math.toIntExact(total)];
      HostMemory.get(address, bytes, 0, bytes.length);
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    } finally {
      host.free(address, total);
    }
  }
}
