package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.bytedeco.javacpp.BytePointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsFileTest {

  @TempDir Path folder;

  @Test
  void open_referenceModel_listsTensorsInOrderOfTheData() throws IOException {
    try (SafetensorsFile file = open("gpt_neox/model.safetensors")) {
      assertThat(file.metadata()).containsEntry("format", "pt");
      assertThat(file.entries()).hasSize(28);
      TensorEntry entry = file.entry("gpt_neox.layers.0.attention.query_key_value.weight");
      assertThat(entry.dtype()).isEqualTo(DType.F32);
      assertThat(entry.shape()).isEqualTo(Shape.of(144, 48));
      assertThat(entry.offset()).isEqualTo(47232);
    }
  }

  @Test
  void read_everyWay_givesTheSameBytes() throws IOException {
    String name = "gpt_neox.layers.0.mlp.dense_h_to_4h.weight";
    try (SafetensorsFile file = open("gpt_neox/model.safetensors")) {
      TensorEntry entry = file.entry(name);
      byte[] whole = file.readBytes(name);

      byte[] mapped = new byte[400];
      file.map(entry, 100, 400).get(mapped);
      assertThat(mapped).isEqualTo(Arrays.copyOfRange(whole, 100, 500));

      try (BytePointer memory = new BytePointer(entry.bytes())) {
        file.read(entry, 0, entry.bytes(), memory.address());
        byte[] copied = new byte[whole.length];
        memory.get(copied);
        assertThat(copied).isEqualTo(whole);
      }

      float[] floats = file.readFloats(name);
      double[] doubles = file.readDoubles(name);
      ByteBuffer buffer = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i < floats.length; i++) {
        assertThat(floats[i]).isEqualTo(buffer.getFloat());
        assertThat(doubles[i]).isEqualTo(floats[i]);
      }
    }
  }

  @Test
  void readInts_tokenIds_areInTheVocabulary() throws IOException {
    try (SafetensorsFile file = open("gpt_neox/golden.safetensors")) {
      assertThat(Arrays.stream(file.readInts("input_ids")).boxed())
          .hasSize(42)
          .allMatch(id -> id >= 0 && id < 96);
    }
  }

  @Test
  void read_wrongTypeNameOrRange_isRefused() throws IOException {
    try (SafetensorsFile file = open("gpt_neox/golden.safetensors")) {
      assertThatThrownBy(() -> file.readFloats("input_ids"))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("input_ids")
          .hasMessageContaining("I32");
      assertThatThrownBy(() -> file.readInts("logits")).isInstanceOf(CheckpointException.class);
      assertThatThrownBy(() -> file.entry("none")).hasMessageContaining("'none'");
      TensorEntry entry = file.entry("logits");
      assertThatThrownBy(() -> file.map(entry, entry.bytes() - 1, 2))
          .isInstanceOf(IndexOutOfBoundsException.class);
      TensorEntry foreign = new TensorEntry("logits", DType.F32, Shape.of(1), 0, 4);
      assertThatThrownBy(() -> file.map(foreign, 0, 4)).isInstanceOf(CheckpointException.class);
    }
  }

  @Test
  void open_scalarsAndEmptyTensors_areAllowed() throws IOException {
    Path path =
        file(
            "{'s':{'dtype':'F64','shape':[],'data_offsets':[0,8]},"
                + "'e':{'dtype':'I64','shape':[3,0],'data_offsets':[8,8]}}   ",
            8);
    try (SafetensorsFile file = SafetensorsFile.open(path)) {
      assertThat(file.readDoubles("s")).containsExactly(0);
      assertThat(file.readInts("e")).isEmpty();
    }
  }

  @Test
  void open_missingShortOrLyingLength_isRefused() throws IOException {
    assertThatThrownBy(() -> SafetensorsFile.open(folder.resolve("none")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("found none");
    refused(new byte[7], "at least 8 bytes");
    refused(new byte[8], "begins with '{'");
    refused(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, '{', '}'}, "18446744073709551615");
    refused(new byte[] {3, 0, 0, 0, 0, 0, 0, 0, '{', '}'}, "at most 2 bytes");
    refused(new byte[] {3, 0, 0, 0, 0, 0, 0, 0, '{', (byte) 0xff, '}'}, "UTF-8");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[]",
        " {}",
        "{} {}",
        "{}\n",
        "{'a':1}",
        "{'a'",
        "{'__metadata__':{'a':1}}",
        "{'__metadata__':[]}",
        "{'__metadata__':{'a':'1','a':'2'}}",
        "{'__metadata__':{},'__metadata__':{}}",
        "{'':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}",
        "{'t':{'dtype':'U8','shape':[4]}}",
        "{'t':{'dtype':'U8','shape':[4],'data_offsets':[0]}}",
        "{'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4,4]}}",
        "{'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4],'x':1}}",
        "{'t':{'dtype':'U8','dtype':'U8','shape':[4],'data_offsets':[0,4]}}",
        "{'t':{'dtype':'U8','shape':[4.0],'data_offsets':[0,4]}}",
        "{'t':{'dtype':'U8','shape':['4'],'data_offsets':[0,4]}}",
        "{'t':{'dtype':'U8','shape':[-4],'data_offsets':[0,4]}}",
        "{'t':{'dtype':'U8','shape':[99999999999999999999],'data_offsets':[0,4]}}",
        "{'t':{'dtype':'U8','shape':[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,4],'data_offsets':[0,4]}}",
      })
  void open_headerOfAnotherForm_isRefused(String header) throws IOException {
    assertThatThrownBy(() -> SafetensorsFile.open(file(header, 4)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("x.safetensors")
        .hasMessageContaining("expected")
        .hasMessageContaining("found");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      value = {
        "{'t':{'dtype':'F8_E4M3','shape':[4],'data_offsets':[0,4]}} | F8_E4M3",
        "{'t':{'dtype':'U8','shape':[4],'data_offsets':[4,0]}} | data_offsets [4, 0]",
        "{'t':{'dtype':'U8','shape':[3],'data_offsets':[0,4]}} | to take 3 bytes",
        "{'t':{'dtype':'U8','shape':[4294967296,4294967296],'data_offsets':[0,0]}} | 2^63",
        "{'t':{'dtype':'F32','shape':[4611686018427387904],'data_offsets':[0,0]}} | 2^63",
        "{'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4]},"
            + "'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}} | 't' twice",
        "{'a':{'dtype':'U8','shape':[3],'data_offsets':[0,3]},"
            + "'b':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | overlap",
        "{'a':{'dtype':'U8','shape':[1],'data_offsets':[0,1]},"
            + "'b':{'dtype':'U8','shape':[2],'data_offsets':[2,4]}} | a hole",
        "{'b':{'dtype':'U8','shape':[3],'data_offsets':[1,4]}} | a hole",
        "{'t':{'dtype':'U8','shape':[5],'data_offsets':[0,5]}} | truncated",
        "{'t':{'dtype':'U8','shape':[3],'data_offsets':[0,3]}} | left over",
        "{} | left over",
      })
  void open_headerThatLies_namesTheTensorAndTheRule(String header, String rule) {
    assertThatThrownBy(() -> SafetensorsFile.open(file(header, 4)))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("x.safetensors")
        .hasMessageContaining(rule);
  }

  @Test
  void open_longName_isRefused() {
    String header = "{'" + "n".repeat(1025) + "':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}";

    assertThatThrownBy(() -> SafetensorsFile.open(file(header, 4)))
        .hasMessageContaining("names of 1 to 1024 characters");
  }

  @Test
  void open_everyTruncationOfAModel_isRefused() throws IOException {
    byte[] whole = Files.readAllBytes(Fixtures.path("gpt_neox/adapter/adapter_model.safetensors"));
    for (int length = 0; length < whole.length; length += 97) {
      refused(Arrays.copyOf(whole, length), "expected");
    }
  }

  private SafetensorsFile open(String fixture) throws IOException {
    return SafetensorsFile.open(Fixtures.path(fixture));
  }

  private void refused(byte[] bytes, String rule) throws IOException {
    Path path = folder.resolve("x.safetensors");
    Files.write(path, bytes);
    assertThatThrownBy(() -> SafetensorsFile.open(path))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("x.safetensors")
        .hasMessageContaining(rule);
  }

  /** A file with this header, its single quotes doubled, and so many zeros. */
  private Path file(String header, int dataBytes) throws IOException {
    byte[] json = header.replace('\'', '"').getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    Path path = folder.resolve("x.safetensors");
    Files.write(path, bytes.array());
    return path;
  }
}
