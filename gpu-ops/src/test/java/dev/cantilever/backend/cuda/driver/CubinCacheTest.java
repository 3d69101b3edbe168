package dev.cantilever.backend.cuda.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.DeviceException;
import dev.cantilever.backend.cuda.CudaBackend;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CubinCacheTest {

  private static final ComputeCapability TARGET = ComputeCapability.OLDEST;
  private static final KernelSource SOURCE = KernelSource.of(CudaBackend.class, "transfers.cu");

  /** Stands for a compiler where nothing may be compiled. */
  private static final Supplier<KernelCompiler> NONE =
      () -> {
        throw new AssertionError("compiled, though it was there");
      };

  private static KernelCompiler compiler;

  @TempDir private Path dir;
  private Path folder;
  private CubinCache cache;

  @BeforeAll
  static void loadCompiler() {
    compiler = KernelCompiler.load();
  }

  @BeforeEach
  void openCache() {
    folder = dir.resolve("a").resolve("cubins");
    cache = new CubinCache(folder);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.sorted().toList();
    }
  }

  @Test
  void get_secondTime_findsWhatWasCompiled() throws IOException {
    byte[] compiled = cache.get(SOURCE, TARGET, () -> compiler);

    assertThat(compiled).startsWith(0x7f, 'E', 'L', 'F');
    assertThat(files()).hasSize(1);
    assertThat(new CubinCache(folder).get(SOURCE, TARGET, NONE)).isEqualTo(compiled);
  }

  @Test
  void get_otherArchitectureOrDefinitions_compilesAgain() throws IOException {
    cache.get(SOURCE, TARGET, () -> compiler);
    cache.get(SOURCE, new ComputeCapability(9, 0), () -> compiler);
    KernelSource defined =
        KernelSource.of(SOURCE.owner(), SOURCE.file(), List.of("NOTHING_READS_THIS=1"));
    cache.get(defined, TARGET, () -> compiler);

    assertThat(files()).hasSize(3);
  }

  static List<UnaryOperator<byte[]>> tamperings() {
    return List.of(
        content -> flipped(content, content.length / 2),
        content -> flipped(content, 0), // of the digest
        content -> Arrays.copyOf(content, content.length - 1),
        content -> Arrays.copyOf(content, content.length + 1),
        content -> Arrays.copyOf(content, 32),
        content -> new byte[0]);
  }

  private static byte[] flipped(byte[] content, int at) {
    byte[] changed = content.clone();
    changed[at] ^= 1;
    return changed;
  }

  @ParameterizedTest
  @MethodSource("tamperings")
  void get_tamperedFile_isRefusedAndLeftAlone(UnaryOperator<byte[]> tampering) throws IOException {
    cache.get(SOURCE, TARGET, () -> compiler);
    Path file = files().get(0);
    byte[] tampered = tampering.apply(Files.readAllBytes(file));
    Files.write(file, tampered);

    assertThatThrownBy(() -> cache.get(SOURCE, TARGET, NONE))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining(file.toString())
        .hasMessageContaining("found " + tampered.length + " bytes")
        .hasMessageContaining("Delete the file");
    assertThat(file).hasBinaryContent(tampered);
    Files.delete(file);
    assertThat(cache.get(SOURCE, TARGET, () -> compiler)).startsWith(0x7f, 'E', 'L', 'F');
  }

  @Test
  void get_halfWrittenFileOfAnother_isIgnored() throws IOException {
    byte[] compiled = cache.get(SOURCE, TARGET, () -> compiler);
    Path file = files().get(0);
    Path half = folder.resolve("compiling123.part");
    Files.move(file, half);
    Files.write(half, Arrays.copyOf(Files.readAllBytes(half), compiled.length / 2));

    assertThat(cache.get(SOURCE, TARGET, () -> compiler)).isEqualTo(compiled);
    assertThat(files()).containsExactlyInAnyOrder(file, half);
  }

  @Test
  void get_folderThatCannotBeMade_saysWhichSettingToChange() throws IOException {
    Files.writeString(dir.resolve("a"), "a file where a folder is wanted");

    assertThatThrownBy(() -> cache.get(SOURCE, TARGET, () -> compiler))
        .isInstanceOf(DeviceException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("-D" + CubinCache.PROPERTY);
  }

  @Test
  void get_brokenSource_leavesNothing() {
    KernelSource broken = KernelSource.of(CudaBackend.class, "broken.cu");

    assertThatThrownBy(() -> cache.get(broken, TARGET, () -> compiler))
        .isInstanceOf(DeviceException.class);
    assertThat(folder).doesNotExist();
  }
}
