package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.memory.HostMemory;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/*
 * The files in resources/torch are written by PyTorch 2.15: every tensor counts its elements from 0
 * in row-major order before it is turned, cut or converted.
 */
class TorchFileTest {

  @TempDir Path folder;

  private static Path resource(String name) {
    try {
      return Path.of(TorchFileTest.class.getResource("/torch/" + name).toURI());
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void open_stateDictOfPyTorch_hasItsTensors() throws IOException {
    try (TorchFile file = TorchFile.open(resource("state_dict.bin"))) {
      assertThat(file.entries()).hasSize(19);
      assertThat(file.readFloats("plain")).containsExactly(0, 1, 2, 3, 4, 5);
      assertThat(file.readFloats("tied.b")).hasSize(24).endsWith(23);
      assertThat(file.readFloats("parameter")).containsExactly(0, 1, 2, 3);
      assertThat(file.readFloats("scalar")).containsExactly(7);
      assertThat(file.entry("scalar").shape()).isEqualTo(Shape.of());
      assertThat(file.entry("empty").shape()).isEqualTo(Shape.of(0, 3));
      assertThat(file.readFloats("empty")).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"half,F16,5", "bfloat,BF16,5", "double,F64,3"})
  void open_floatingPointTypes_areRead(String name, DType type, int count) throws IOException {
    try (TorchFile file = TorchFile.open(resource("state_dict.bin"))) {
      assertThat(file.entry(name).dtype()).isEqualTo(type);
      double[] values = file.readDoubles(name);
      assertThat(values).hasSize(count);
      for (int i = 0; i < count; i++) {
        assertThat(values[i]).isEqualTo(i);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({"long,I64", "int,I32", "short,I16", "char,I8", "byte,U8", "bool,BOOL"})
  void open_wholeNumbers_areRead(String name, DType type) throws IOException {
    try (TorchFile file = TorchFile.open(resource("state_dict.bin"))) {
      assertThat(file.entry(name).dtype()).isEqualTo(type);
      int[] expected = type == DType.BOOL ? new int[] {0, 1, 0, 1} : new int[] {0, 1, 2, 3};
      assertThat(file.readInts(name)).isEqualTo(expected);
    }
  }

  @Test
  void read_views_areInRowMajorOrder() throws IOException {
    try (TorchFile file = TorchFile.open(resource("state_dict.bin"))) {
      assertThat(file.entry("transposed").shape()).isEqualTo(Shape.of(5, 3));
      assertThat(file.readFloats("transposed"))
          .containsExactly(0, 5, 10, 1, 6, 11, 2, 7, 12, 3, 8, 13, 4, 9, 14);
      assertThat(file.readFloats("slice")).containsExactly(8, 9, 10, 11, 12, 13, 14, 15);
      assertThat(file.readFloats("column")).containsExactly(1, 5, 9, 13, 17, 21);
      assertThat(file.entry("permuted").shape()).isEqualTo(Shape.of(4, 2, 3));
      assertThat(file.readFloats("permuted"))
          .startsWith(0, 4, 8, 12, 16, 20, 1, 5)
          .endsWith(11, 15, 19, 23);
    }
  }

  @Test
  void read_partsOfAView_areThoseOfTheWhole() throws IOException {
    try (TorchFile file = TorchFile.open(resource("state_dict.bin"))) {
      TensorEntry entry = file.entry("permuted");
      byte[] whole = file.readBytes("permuted");
      HostMemory host = new HostMemory();
      long address = host.allocate(whole.length);
      for (int first = 0; first < 24; first++) {
        byte[] part = new byte[4 * (24 - first) / 2 / 4 * 4];
        file.read(entry, 4L * first, ByteBuffer.wrap(part));
        assertThat(part).isEqualTo(Arrays.copyOfRange(whole, 4 * first, 4 * first + part.length));
        file.read(entry, 4L * first, part.length, address);
        byte[] copied = new byte[part.length];
        HostMemory.get(address, copied, 0, part.length);
        assertThat(copied).isEqualTo(part);
      }
      host.free(address, whole.length);
      assertThatThrownBy(() -> file.read(entry, 4, 4L * 24, 0))
          .isInstanceOf(IndexOutOfBoundsException.class);
    }
  }

  @Test
  void shared_twoNamesOfOneTensor_areOneGroup() throws IOException {
    try (TorchFile file = TorchFile.open(resource("state_dict.bin"))) {
      assertThat(file.shared()).containsExactly(List.of("tied.a", "tied.b"));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "before_1_6.bin       | before 1.6",
        "calls_a_function.bin | posix.system",
        "nested.bin           | a dict under",
        "expanded.bin         | to lie inside its storage of 1 elements",
        "float8.bin           | torch.float8_e4m3fn"
      })
  void open_whatIsNotAStateDictOfTensors_isRefusedByName(String name, String why) {
    assertThatThrownBy(() -> TorchFile.open(resource(name)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(why);
  }

  @Test
  void open_truncatedAnywhere_isRefused() throws IOException {
    byte[] whole = Files.readAllBytes(resource("state_dict.bin"));
    Path cut = folder.resolve("cut.bin");
    for (int length = 0; length < whole.length; length += 37) {
      Files.write(cut, Arrays.copyOf(whole, length));
      assertThatThrownBy(() -> TorchFile.open(cut))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("cut.bin: expected");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void modelDirectory_ofPickles_holdsWhatSafetensorsDo(int files) throws IOException {
    Path target = folder.resolve("model");
    TorchArchiveWriter.convert(Fixtures.path("gpt2"), target, files, Map.of());

    try (ModelDirectory expected = ModelDirectory.open(Fixtures.path("gpt2"));
        ModelDirectory found = ModelDirectory.open(target)) {
      assertThat(found.files()).hasSize(files);
      assertThat(found.names()).isEqualTo(expected.names());
      for (String name : expected.names()) {
        assertThat(found.file(name).readBytes(name))
            .as(name)
            .isEqualTo(expected.file(name).readBytes(name));
      }
    }
  }

  @Test
  void modelDirectory_ofBothForms_takesSafetensors() throws IOException {
    Path target = folder.resolve("model");
    TorchArchiveWriter.convert(Fixtures.path("gpt2"), target, 1, Map.of());
    Files.copy(
        Fixtures.path("gpt2").resolve("model.safetensors"), target.resolve("model.safetensors"));

    try (ModelDirectory found = ModelDirectory.open(target)) {
      assertThat(found.files().get(0)).isInstanceOf(SafetensorsFile.class);
    }
  }

  @Test
  void modelDirectory_indexOfPicklesWithPath_isRefused() throws IOException {
    Path target = folder.resolve("model");
    TorchArchiveWriter.convert(Fixtures.path("gpt2"), target, 2, Map.of());
    Path index = target.resolve("pytorch_model.bin.index.json");
    String text = Files.readString(index);
    for (String name :
        List.of("../x.bin", "/x.bin", "a\\\\b.bin", "x.safetensors", ".bin", "..bin")) {
      Files.writeString(index, text.replace("pytorch_model-00002-of-00002.bin", name));
      assertThatThrownBy(() -> ModelDirectory.open(target))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("same directory");
    }
  }
}
