package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.adapter.LoraTarget;
import dev.cantilever.backend.Backend;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.HostMemory;
import dev.cantilever.memory.Purpose;
import dev.cantilever.tensor.DType;
import dev.cantilever.tensor.DenseWeight;
import dev.cantilever.tensor.Int8Mode;
import dev.cantilever.tensor.Int8Weight;
import dev.cantilever.tensor.Tensor;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A checkpoint in shards whose matrices are of more bytes than are read at once. */
public abstract class LoadingConformance {

  private static final int WIDTH = 1024;
  private static final long SHARD_BYTES = 20_000_000;

  @TempDir private Path folder;
  private Backend backend;
  private Arena base;
  private ModelDirectory directory;

  /** Opens the backend under test, with at least 192 MiB; the suite closes it. */
  protected abstract Backend open();

  @BeforeEach
  void writeAndOpen() throws IOException {
    new SyntheticCheckpoint(2, WIDTH, 160).write(folder.resolve("model"), SHARD_BYTES);
    directory = ModelDirectory.open(folder.resolve("model"));
    backend = open();
    base = backend.budget().open("base", Purpose.BASE_WEIGHTS);
  }

  @AfterEach
  void closeAll() throws IOException {
    directory.close();
    base.close();
    backend.close();
    assertThat(backend.budget().openArenas()).isEmpty();
  }

  private LanguageModel load(BasePrecision precision) throws IOException {
    return new ModelLoader(backend, directory, precision, base, Optional.empty()).languageModel();
  }

  private byte[] bytes(Tensor tensor) {
    int size = Math.toIntExact(tensor.bytes());
    HostMemory host = new HostMemory();
    long address = host.allocate(size);
    try {
      backend.transfers().download(address, tensor);
      byte[] bytes = new byte[size];
      HostMemory.get(address, bytes, 0, size);
      return bytes;
    } finally {
      host.free(address, size);
    }
  }

  private byte[] stored(String name) throws IOException {
    return directory.file(name).readBytes(name);
  }

  @Test
  void weights_loadedAsStored_areTheFilesBytes() throws IOException {
    LanguageModel model = load(BasePrecision.STORED);

    assertThat(directory.files()).hasSizeGreaterThan(1);
    for (LoraTarget target : model.transformer().targets()) {
      DenseWeight weight = (DenseWeight) target.linear().weight();
      assertThat(bytes(weight.values()))
          .as(target.path())
          .isEqualTo(stored(target.path() + ".weight"));
      assertThat(bytes(weight.bias().orElseThrow())).isEqualTo(stored(target.path() + ".bias"));
    }
    assertThat(bytes(((DenseWeight) model.head().weight()).values()))
        .isEqualTo(stored("embed_out.weight"));
  }

  @Test
  void weights_loadedIn8Bit_areThoseOfEachMatrixAlone() throws IOException {
    LanguageModel model = load(BasePrecision.INT8_WEIGHT_ONLY);

    for (LoraTarget target : model.transformer().targets()) {
      Int8Weight found = (Int8Weight) target.linear().weight();
      try (Arena alone = backend.budget().open("alone", Purpose.BATCH)) {
        Int8Weight expected = quantisedAlone(alone, target.path() + ".weight", found);
        assertThat(bytes(found.absmax())).as(target.path()).isEqualTo(bytes(expected.absmax()));
        assertThat(bytes(found.data())).as(target.path()).isEqualTo(bytes(expected.data()));
      }
    }
  }

  private Int8Weight quantisedAlone(Arena arena, String name, Int8Weight like) throws IOException {
    byte[] stored = stored(name);
    HostMemory host = new HostMemory();
    long address = host.allocate(stored.length);
    try {
      HostMemory.put(address, stored, 0, stored.length);
      Tensor values = Tensor.in(arena, DType.F16, like.outFeatures(), like.inFeatures());
      backend.transfers().upload(values, address);
      Int8Weight weight =
          new Int8Weight(
              like.outFeatures(),
              like.inFeatures(),
              Tensor.in(arena, DType.I8, like.data().bytes()),
              Tensor.in(arena, DType.F32, like.outFeatures()),
              Int8Mode.WEIGHT_ONLY,
              Optional.empty(),
              Optional.empty());
      backend.matmul().quantize(weight, values);
      backend.synchronize();
      return weight;
    } finally {
      host.free(address, stored.length);
    }
  }

  @Test
  void file_cutShortAfterItWasOpened_failsNamingIt() throws IOException {
    Path shard = directory.files().get(1).path();
    try (FileChannel channel = FileChannel.open(shard, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - 1);
    }

    assertThatThrownBy(() -> load(BasePrecision.INT8_WEIGHT_ONLY))
        .isInstanceOf(EOFException.class)
        .hasMessageContaining(shard.getFileName().toString());
    assertThat(backend.budget().openArenas()).noneMatch(name -> name.startsWith("loading"));
  }
}
