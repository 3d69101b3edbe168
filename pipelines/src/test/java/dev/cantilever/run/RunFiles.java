package dev.cantilever.run;

import dev.cantilever.manifest.Digests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** Digests of all files of a run whose bytes are promised. */
public final class RunFiles {
  private RunFiles() {}

  /**
   * By path below the run. Not {@code metrics.jsonl}, whose wall-clock times differ between runs,
   * nor the lock, which holds the writer's process id.
   */
  public static Map<String, String> digests(Path run) throws IOException {
    Map<String, String> digests = new TreeMap<>();
    try (Stream<Path> files = Files.walk(run)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith("metrics.jsonl") && !file.endsWith(".lock")) {
          digests.put(run.relativize(file).toString(), Digests.sha256(file));
        }
      }
    }
    return digests;
  }
}
