package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.HalfPrecision;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.bytedeco.javacpp.FloatPointer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWriterTest {

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "gpt_neox/model.safetensors",
        "gpt_neox/golden.safetensors",
        "gpt_neox/adapter/adapter_model.safetensors",
        "gpt_neox_reward/model.safetensors",
        "distilbert_cls/model.safetensors"
      })
  void finish_referenceFileCopiedInAnyOrder_isByteEqual(String fixture) throws IOException {
    Path target = copy(fixture);

    assertThat(target).hasSameBinaryContentAs(Fixtures.path(fixture));
    assertThat(names()).containsExactly("copy.safetensors");
  }

  /* These two have spaces in their headers' JSON; names, order and data are the same. */
  @ParameterizedTest
  @ValueSource(strings = {"ppo/golden.safetensors", "llm_int8/golden.safetensors"})
  void finish_manyTypes_haveTheReferenceOrderAndData(String fixture) throws IOException {
    try (SafetensorsFile copy = SafetensorsFile.open(copy(fixture));
        SafetensorsFile source = SafetensorsFile.open(Fixtures.path(fixture))) {
      assertThat(copy.entries()).isEqualTo(source.entries());
      for (TensorEntry entry : source.entries()) {
        assertThat(copy.readBytes(entry.name())).isEqualTo(source.readBytes(entry.name()));
      }
    }
  }

  @Test
  void write_floatsInPieces_areRoundedToTheStoredType() throws IOException {
    float[] values = new float[700_001]; // more than one chunk
    Random random = new Random(3);
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    Path target = folder.resolve("x.safetensors");
    List<TensorSpec> specs = new ArrayList<>();
    for (DType type : List.of(DType.F16, DType.BF16, DType.F32, DType.F64)) {
      specs.add(new TensorSpec(type.name(), type, Shape.of(values.length)));
    }
    try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs)) {
      for (TensorSpec spec : specs) {
        writer.write(spec.name(), values, 0, 300_000);
        writer.write(spec.name(), values, 300_000, values.length - 300_000);
      }
      writer.finish();
    }
    try (SafetensorsFile file = SafetensorsFile.open(target)) {
      float[] f16 = file.readFloats("F16");
      float[] bf16 = file.readFloats("BF16");
      for (int i = 0; i < values.length; i++) {
        assertThat(f16[i]).isEqualTo(HalfPrecision.f16ToF32(HalfPrecision.f32ToF16(values[i])));
        assertThat(bf16[i]).isEqualTo(HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16(values[i])));
      }
      assertThat(file.readFloats("F32")).isEqualTo(values);
      assertThat(file.readFloats("F64")).isEqualTo(values);
    }
  }

  @Test
  void write_nativeMemory_isStoredAsItLies() throws IOException {
    Path target = folder.resolve("x.safetensors");
    float[] values = {1, 2, 3, 4, 5, 6};
    try (FloatPointer memory = new FloatPointer(values);
        SafetensorsWriter writer = SafetensorsWriter.create(target, spec(DType.F32, 2, 3))) {
      writer.write("t", memory.address(), 24);
      writer.finish();
    }
    try (SafetensorsFile file = SafetensorsFile.open(target)) {
      assertThat(file.readFloats("t")).containsExactly(values);
    }
  }

  @Test
  void write_valueBeyondF16_isRefusedNamingTensorAndValue() throws IOException {
    Path target = folder.resolve("x.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(target, spec(DType.F16, 3))) {
      assertThatThrownBy(() -> writer.write("t", new float[] {1, -70000, 66000}))
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("'t'")
          .hasMessageContaining("-70000");
    }
    assertThat(names()).isEmpty();
  }

  @Test
  void finish_tensorNotWhole_publishesNothing() throws IOException {
    Path target = folder.resolve("x.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(target, spec(DType.F32, 3))) {
      writer.write("t", new float[] {1, 2});
      assertThatThrownBy(writer::finish)
          .isInstanceOf(CheckpointException.class)
          .hasMessageContaining("expected 12 bytes of tensor 't'");
    }
    assertThat(names()).isEmpty();
  }

  @Test
  void write_tooMuchUndeclaredOrOfAnotherKind_isRefused() throws IOException {
    Path target = folder.resolve("x.safetensors");
    try (SafetensorsWriter writer = SafetensorsWriter.create(target, spec(DType.I32, 3))) {
      assertThatThrownBy(() -> writer.write("t", ByteBuffer.allocate(13)))
          .hasMessageContaining("at most 12 more bytes");
      assertThatThrownBy(() -> writer.write("u", ByteBuffer.allocate(1)))
          .hasMessageContaining("'u'");
      assertThatThrownBy(() -> writer.write("t", new float[3])).hasMessageContaining("I32");
    }
  }

  @Test
  void create_nameTwiceOrIllegal_isRefused() {
    TensorSpec spec = new TensorSpec("t", DType.U8, Shape.of(1));
    assertThatThrownBy(
            () -> SafetensorsWriter.create(folder.resolve("x"), List.of(spec, spec)).close())
        .hasMessageContaining("declared twice");
    assertThatThrownBy(() -> new TensorSpec("__metadata__", DType.U8, Shape.of(1)))
        .isInstanceOf(CheckpointException.class);
  }

  /** Writes a fixture's tensors again, declared and supplied in a shuffled order. */
  private Path copy(String fixture) throws IOException {
    Path target = folder.resolve("copy.safetensors");
    try (SafetensorsFile source = SafetensorsFile.open(Fixtures.path(fixture))) {
      List<TensorEntry> entries = new ArrayList<>(source.entries());
      Collections.shuffle(entries, new Random(5));
      List<TensorSpec> specs =
          entries.stream().map(e -> new TensorSpec(e.name(), e.dtype(), e.shape())).toList();
      try (SafetensorsWriter writer = SafetensorsWriter.create(target, specs, source.metadata())) {
        for (TensorEntry entry : entries) {
          writer.write(entry.name(), ByteBuffer.wrap(source.readBytes(entry.name())));
        }
        writer.finish();
      }
    }
    return target;
  }

  private static List<TensorSpec> spec(DType type, long... dims) {
    return List.of(new TensorSpec("t", type, Shape.of(dims)));
  }

  private List<String> names() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).toList();
    }
  }
}
