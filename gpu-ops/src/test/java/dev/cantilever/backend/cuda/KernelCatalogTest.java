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
 * <p>All sources of a file are compiled for 8.6, 9.0 and 12.0. The compiler gives 8.9 the
 * instructions of 8.6, which is asserted of a file's first source: its others are not compiled for
 * 8.9. Of 8.0 it is the first and the last, the one of the largest tiles: 8.0 has the registers of
 * 8.6, and kernels that do not ask which of them it is come to both as the same PTX.
 */
class KernelCatalogTest {

  private static final ComputeCapability A100 = new ComputeCapability(8, 0);
  private static final ComputeCapability ADA = new ComputeCapability(8, 9);
  private static final List<ComputeCapability> ALIKE = List.of(new ComputeCapability(8, 6), ADA);

  private static final List<ComputeCapability> TARGETS =
      List.of(
          A100,
          new ComputeCapability(8, 6),
          ADA,
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

  /** What the source of this number is compiled for. */
  static List<ComputeCapability> targets(List<KernelSource> sources, int number) {
    KernelSource source = sources.get(number);
    if (source.hopper()) {
      return List.of(ComputeCapability.HOPPER);
    }
    List<Integer> file =
        IntStream.range(0, sources.size())
            .filter(i -> sources.get(i).file().equals(source.file()))
            .boxed()
            .toList();
    boolean first = number == file.get(0);
    boolean last = number == file.get(file.size() - 1);
    return TARGETS.stream()
        .filter(target -> first || !target.equals(ADA))
        .filter(target -> first || last || !target.equals(A100))
        .toList();
  }

  static Stream<Arguments> sources() {
    List<KernelSource> sources = KernelCatalog.all();
    return IntStream.range(0, sources.size())
        .mapToObj(number -> Arguments.of(number, sources.get(number), targets(sources, number)));
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
      if (ALIKE.contains(target)) {
        alike.add(MachineCode.of(compiled.cubin()));
      }
    }
    assertThat(alike)
        .as(
            "%s for %s, for the first of which alone others of the file are compiled",
            source, ALIKE)
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
