package dev.cantilever.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cantilever.backend.cuda.driver.ComputeCapability;
import dev.cantilever.backend.cuda.driver.KernelCompiler;
import dev.cantilever.backend.cuda.driver.KernelSource;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
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
 *
 * <p>{@link CatalogTargets} says which sources for which: some of them, or all with {@code
 * -Dcantilever.catalog=all}.
 */
class KernelCatalogTest {

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

  static Stream<Arguments> sources() {
    List<KernelSource> sources = KernelCatalog.all();
    return IntStream.range(0, sources.size())
        .mapToObj(
            number ->
                Arguments.of(number, sources.get(number), CatalogTargets.of(sources, number)));
  }

  @ParameterizedTest
  @MethodSource("sources")
  void compile_everyArchitecture_neitherSpillsNorAsksTooMuch(
      int number, KernelSource source, List<ComputeCapability> targets) throws Exception {
    List<Map<String, String>> alike = new ArrayList<>();
    for (ComputeCapability target : targets) {
      KernelCompiler.Compiled compiled =
          CatalogCompiler.takes(number)
              ? CatalogCompiler.await(other, folder, number, target)
              : compiler.compile(source, target);
      check(source, target, compiled);
      if (CatalogTargets.ALIKE.contains(target)) {
        alike.add(MachineCode.of(compiled.cubin()));
      }
    }
    assertThat(alike)
        .as(
            "%s for %s, for the first of which alone others of the file are compiled",
            source, CatalogTargets.ALIKE)
        .allSatisfy(code -> assertThat(code).isNotEmpty().isEqualTo(alike.get(0)));
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
