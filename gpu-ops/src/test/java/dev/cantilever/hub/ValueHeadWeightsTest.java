package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ValueHeadWeightsTest {

  @TempDir Path folder;

  @Test
  void write_thenRead_givesTheSame() throws IOException {
    new ValueHeadWeights(new float[] {1, -2, 3}, 0.5f).write(folder);

    ValueHeadWeights back = ValueHeadWeights.read(folder);

    assertThat(back.weight()).containsExactly(1, -2, 3);
    assertThat(back.bias()).isEqualTo(0.5f);
    try (SafetensorsFile file = SafetensorsFile.open(folder.resolve("value_head.safetensors"))) {
      assertThat(file.entry("v_head.summary.weight").shape()).isEqualTo(Shape.of(1, 3));
      assertThat(file.entry("v_head.summary.bias").shape()).isEqualTo(Shape.of(1));
    }
  }

  @Test
  void find_inFullModel_isFoundOnlyIfThere() throws IOException {
    try (ModelDirectory plain = ModelDirectory.open(Fixtures.path("gpt_neox"))) {
      assertThat(ValueHeadWeights.find(plain)).isEmpty();
      Path target = folder.resolve("trl");
      List<TensorSpec> specs =
          List.of(
              new TensorSpec("v_head.summary.weight", DType.F16, Shape.of(1, 2)),
              new TensorSpec("v_head.summary.bias", DType.F16, Shape.of(1)));
      try (ModelDirectoryWriter writer =
          ModelDirectoryWriter.create(target, plain.config(), specs)) {
        writer.write("v_head.summary.weight", new float[] {4, 5});
        writer.write("v_head.summary.bias", new float[] {6});
        writer.publish();
      }
      try (ModelDirectory model = ModelDirectory.open(target)) {
        ValueHeadWeights head = ValueHeadWeights.find(model).orElseThrow();
        assertThat(head.weight()).containsExactly(4, 5);
        assertThat(head.bias()).isEqualTo(6);
      }
    }
  }

  @Test
  void read_twoOutputs_isRefused() throws IOException {
    List<TensorSpec> specs =
        List.of(
            new TensorSpec("v_head.summary.weight", DType.F32, Shape.of(2, 2)),
            new TensorSpec("v_head.summary.bias", DType.F32, Shape.of(2)));
    Path file = folder.resolve(ValueHeadWeights.FILE);
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs)) {
      writer.write("v_head.summary.weight", new float[4]);
      writer.write("v_head.summary.bias", new float[2]);
      writer.finish();
    }

    assertThatThrownBy(() -> ValueHeadWeights.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("[2, 2]");
  }
}
