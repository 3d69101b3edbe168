package dev.cantilever.backend.cuda;

import dev.cantilever.backend.cuda.driver.ComputeCapability;
import dev.cantilever.backend.cuda.driver.KernelSource;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The architectures that each source of the catalog is compiled for in {@link KernelCatalogTest}.
 *
 * <p>With {@code -Dcantilever.catalog=all}, as CI has it, every source is compiled for 8.0, 8.6,
 * 8.9, 9.0 and 12.0. Sources for Hopper alone are compiled for 9.0a, with the property and without.
 *
 * <p>Without the property all sources of a file are compiled for 8.6, 9.0 and 12.0, its first one
 * for 8.9 too, and its first and last ones for 8.0. The compiler gives 8.9 the instructions of 8.6,
 * which the test asserts of what it compiles for both. 8.0 has the registers of 8.6, and kernels
 * that do not ask which of them it is come to both as the same PTX; the last source of a file is
 * that of the largest tiles.
 */
final class CatalogTargets {

  private static final String PROPERTY = "cantilever.catalog";
  private static final String ALL = "all";
  private static final String FEW = "few";

  private static final ComputeCapability A100 = new ComputeCapability(8, 0);
  private static final ComputeCapability ADA = new ComputeCapability(8, 9);
  private static final List<ComputeCapability> TARGETS =
      List.of(
          A100,
          new ComputeCapability(8, 6),
          ADA,
          new ComputeCapability(9, 0),
          new ComputeCapability(12, 0));

  /** Those that have the same machine code. */
  static final List<ComputeCapability> ALIKE = List.of(new ComputeCapability(8, 6), ADA);

  private CatalogTargets() {}

  /** What the source of this number is compiled for. */
  static List<ComputeCapability> of(List<KernelSource> sources, int number) {
    KernelSource source = sources.get(number);
    if (source.hopper()) {
      return List.of(ComputeCapability.HOPPER);
    }
    if (all()) {
      return TARGETS;
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

  /** The JVM's argument that gives another process the same targets. */
  static String argument() {
    return "-D" + PROPERTY + "=" + (all() ? ALL : FEW);
  }

  private static boolean all() {
    String value = System.getProperty(PROPERTY, FEW);
    return switch (value) {
      case ALL -> true;
      case FEW -> false;
      default ->
          throw new IllegalArgumentException(
              "-D%s: expected '%s' or '%s', found '%s'; leave it out for '%s'"
                  .formatted(PROPERTY, ALL, FEW, value, FEW));
    };
  }
}
