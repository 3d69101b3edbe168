package dev.cantilever.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WidenedCheckpointTest {

  private static final float[] VALUES = {1.0009765625f, -3, 0.5f, 65_504};

  @TempDir Path folder;

  @Test
  void of_checkpointIn16Bit_hasItsTensorsAndConfigInF32() throws IOException {
    try (ModelDirectory narrow = ModelDirectory.open(write(DType.F16));
        ModelDirectory wide =
            ModelDirectory.open(WidenedCheckpoint.of(narrow, folder.resolve("wide")))) {
      assertThat(wide.names()).isEqualTo(narrow.names());
      assertThat(wide.entry("a").dtype()).isEqualTo(DType.F32);
      assertThat(wide.readFloats("a")).isEqualTo(VALUES);
      assertThat(wide.config().json()).isEqualTo(narrow.config().json());
    }
  }

  @Test
  void of_checkpointInF32_isThatItself() throws IOException {
    try (ModelDirectory plain = ModelDirectory.open(write(DType.F32))) {
      assertThat(WidenedCheckpoint.of(plain, folder.resolve("wide"))).isEqualTo(plain.path());
      assertThat(folder.resolve("wide")).doesNotExist();
    }
  }

  private Path write(DType type) throws IOException {
    List<TensorSpec> specs =
        List.of(
            new TensorSpec("a", type, Shape.of(2, 2)), new TensorSpec("b", DType.F32, Shape.of(4)));
    try (ModelDirectory fixture = ModelDirectory.open(Fixtures.path("gpt_neox"));
        ModelDirectoryWriter writer =
            ModelDirectoryWriter.create(folder.resolve("model"), fixture.config(), specs)) {
      writer.write("a", VALUES);
      writer.write("b", VALUES);
      writer.publish();
    }
    return folder.resolve("model");
  }
}
