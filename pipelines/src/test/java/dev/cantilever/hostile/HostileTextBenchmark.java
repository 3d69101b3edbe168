package dev.cantilever.hostile;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;

/**
 * Reads damaged files of text of every kind, as many as asked for, and says what became of them.
 */
public final class HostileTextBenchmark {

  private HostileTextBenchmark() {}

  /**
   * Runs, from the folder of this module.
   *
   * @param arguments how many files in all, else 1,000,000; the seed, else one of the clock; a
   *     folder for the files, best in memory, else one for temporary files
   */
  public static void main(String[] arguments) throws IOException {
    long files = arguments.length > 0 ? Long.parseLong(arguments[0]) : 1_000_000;
    long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
    Path folder =
        arguments.length > 2
            ? Files.createTempDirectory(Path.of(arguments[2]), "hostile")
            : Files.createTempDirectory("hostile");
    List<TextTarget> targets = new TextTargets(folder).all();
    long each = (files + targets.size() - 1) / targets.size();
    print("%d files, seed %d", each * targets.size(), seed);
    long failures = 0;
    long began = System.nanoTime();
    for (TextTarget target : targets) {
      long start = System.nanoTime();
      TextRun run = TextRun.of(target, seed, 0, each);
      print(
          "%-35s %8d work, %8d refused, %d failures, at most %.2f MB of heap and %.2f s, %.1f s",
          target.name(),
          run.accepted(),
          run.refused(),
          run.failures().size(),
          run.mostAllocated() / 1e6,
          run.longestSeconds(),
          (System.nanoTime() - start) / 1e9);
      run.failures().forEach(failure -> print("  %s", failure));
      failures += run.failures().size();
    }
    print("%d failures in %.1f s", failures, (System.nanoTime() - began) / 1e9);
    if (failures > 0) {
      System.exit(1);
    }
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}
