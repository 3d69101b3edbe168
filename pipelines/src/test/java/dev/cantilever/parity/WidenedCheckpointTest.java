package dev.cantilever.parity;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.ModelDirectoryWriter;
import dev.cantilever.hub.TensorSpec;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
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

  /** Pythia's have masks of attention among their tensors. */
  @Test
  void of_checkpointIn16BitWithMasks_hasTheMasksAsTheyWere() throws IOException {
    try (ModelDirectory narrow = ModelDirectory.open(write(DType.BF16, DType.BOOL));
        ModelDirectory wide =
            ModelDirectory.open(WidenedCheckpoint.of(narrow, folder.resolve("wide")))) {
      assertThat(wide.entry("a").dtype()).isEqualTo(DType.F32);
      assertThat(wide.readFloats("a")).isEqualTo(narrow.readFloats("a"));
      assertThat(wide.entry("mask").dtype()).isEqualTo(DType.BOOL);
      assertThat(wide.file("mask").readInts("mask")).isEqualTo(new int[] {1, 0, 1});
    }
  }

  /** Integers that are weights are not merged into. */
  @Test
  void of_checkpointIn8Bit_isThatItself() throws IOException {
    try (ModelDirectory eightBit = ModelDirectory.open(write(DType.F16, DType.I8))) {
      assertThat(WidenedCheckpoint.of(eightBit, folder.resolve("wide"))).isEqualTo(eightBit.path());
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
    return write(type, DType.BOOL);
  }

  private Path write(DType type, DType ofMask) throws IOException {
    List<TensorSpec> specs =
        List.of(
            new TensorSpec("a", type, Shape.of(2, 2)),
            new TensorSpec("b", DType.F32, Shape.of(4)),
            new TensorSpec("mask", ofMask, Shape.of(3)));
    try (ModelDirectory fixture = ModelDirectory.open(Fixtures.path("gpt_neox"));
        ModelDirectoryWriter writer =
            ModelDirectoryWriter.create(folder.resolve("model"), fixture.config(), specs)) {
      writer.write("a", VALUES);
      writer.write("b", VALUES);
      writer.write("mask", ByteBuffer.wrap(new byte[] {1, 0, 1}));
      writer.publish();
    }
    return folder.resolve("model");
  }
}
