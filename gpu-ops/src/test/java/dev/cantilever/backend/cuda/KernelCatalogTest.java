package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.cuda.driver.ComputeCapability;
import dev.cantilever.backend.cuda.driver.KernelCompiler;
import dev.cantilever.backend.cuda.driver.KernelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every kernel compiles for every architecture, without a GPU, without spilling, and without
 * products that wait for each other.
 */
class KernelCatalogTest {

  private static final List<ComputeCapability> TARGETS =
      List.of(
          new ComputeCapability(8, 0),
          new ComputeCapability(8, 6),
          new ComputeCapability(8, 9),
          new ComputeCapability(9, 0),
          new ComputeCapability(12, 0));

  /** What a block may have on every one of them: that of 8.6, 8.9 and 12.0. */
  private static final int SHARED_BYTES = 99 << 10;

  private static final Pattern SPILLS =
      Pattern.compile(
          "(\\d+) bytes stack frame, (\\d+) bytes spill stores, (\\d+) bytes spill loads");
  private static final Pattern SHARED = Pattern.compile("(\\d+) bytes smem");

  @TempDir private static Path folder;
  private static KernelCompiler compiler;
  private static Process other;

  @BeforeAll
  static void beginToCompile() throws IOException {
    compiler = KernelCompiler.load();
    other = CatalogCompiler.start(folder);
  }

  @AfterAll
  static void endTheOther() throws InterruptedException {
    other.destroyForcibly().waitFor();
  }

  static List<ComputeCapability> targets(KernelSource source) {
    return TARGETS.stream()
        .filter(target -> !source.hopper() || target.equals(ComputeCapability.HOPPER))
        .toList();
  }

  static Stream<Arguments> sources() {
    List<KernelSource> sources = KernelCatalog.all();
    return IntStream.range(0, sources.size())
        .mapToObj(number -> Arguments.of(number, sources.get(number)));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void compile_everyArchitecture_neitherSpillsNorAsksTooMuch(int number, KernelSource source)
      throws Exception {
    for (ComputeCapability target : targets(source)) {
      KernelCompiler.Compiled compiled =
          CatalogCompiler.takes(number)
              ? CatalogCompiler.await(other, folder, number, target)
              : compiler.compile(source, target);
      check(source, target, compiled);
    }
  }

  private static void check(
      KernelSource source, ComputeCapability target, KernelCompiler.Compiled compiled) {
    assertThat(compiled.cubin()).startsWith(0x7f, 'E', 'L', 'F');
    String where = source + " for " + target.target() + "\n" + compiled.log();
    assertThat(compiled.log())
        .as(where)
        .doesNotContain("wgmma.mma_async instructions are serialized");
    Matcher spills = SPILLS.matcher(compiled.log());
    int kernels = 0;
    while (spills.find()) {
      kernels++;
      for (int group = 1; group <= 3; group++) {
        assertThat(Integer.parseInt(spills.group(group))).as(where).isZero();
      }
    }
    assertThat(kernels).as("kernels reported: " + where).isPositive();
    Matcher shared = SHARED.matcher(compiled.log());
    while (shared.find()) {
      assertThat(Integer.parseInt(shared.group(1))).as(where).isLessThanOrEqualTo(SHARED_BYTES);
    }
  }
}
