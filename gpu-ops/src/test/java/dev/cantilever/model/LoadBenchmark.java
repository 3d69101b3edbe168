package dev.cantilever.model;

import dev.cantilever.backend.Backend;
import dev.cantilever.backend.BackendKind;
import dev.cantilever.backend.Backends;
import dev.cantilever.hub.ModelDirectory;
import dev.cantilever.hub.TensorEntry;
import dev.cantilever.memory.Arena;
import dev.cantilever.memory.Purpose;
import dev.cantilever.rehearsal.CheckpointReading;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/**
 * How fast a checkpoint is brought to a device in 8 bit, beside a plain read of its files, and how
 * much of the host's memory that takes.
 */
public final class LoadBenchmark {

  private static final int VOCABULARY = 50_432;
  private static final long SHARD_BYTES = 2_000_000_000L;
  private static final int LOADS = 3;

  private LoadBenchmark() {}

  /**
   * Measures.
   *
   * @param arguments a folder, where a checkpoint is made if there is none; {@code cpu} or {@code
   *     cuda}; for making one the number of layers, else 14, and the width, else 4096: together 3.2
   *     billion parameters
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    BackendKind kind = BackendKind.valueOf(arguments[1].toUpperCase(Locale.ROOT));
    if (!ModelDirectory.hasWeights(folder)) {
      int layers = arguments.length > 2 ? Integer.parseInt(arguments[2]) : 14;
      int width = arguments.length > 3 ? Integer.parseInt(arguments[3]) : 4096;
      SyntheticCheckpoint checkpoint = new SyntheticCheckpoint(layers, width, VOCABULARY);
      print("writing %.2f billion parameters to %s", checkpoint.parameters() / 1e9, folder);
      checkpoint.write(folder, SHARD_BYTES);
    }
    try (ModelDirectory directory = ModelDirectory.open(folder)) {
      CheckpointReading reading = CheckpointReading.measure(directory);
      print(
          "%.2f GB in %d files; plain read %.2f s, %.2f GB/s",
          reading.bytes() / 1e9,
          directory.files().size(),
          reading.seconds(),
          reading.bytesPerSecond() / 1e9);
      measure(kind, directory, reading);
    }
    print("most resident memory of the process: %s", peakResident());
  }

  private static void measure(BackendKind kind, ModelDirectory directory, CheckpointReading reading)
      throws IOException {
    WeightSource source = WeightSource.of(directory);
    long bytes;
    try (Backend planned = Backends.meta(kind, Long.MAX_VALUE)) {
      load(planned, source.withoutData());
      bytes = planned.budget().highWaterBytes() + Backends.outsideArenasBytes(kind);
    }
    long before = ResidentMemory.now();
    try (ResidentMemory memory = new ResidentMemory();
        Backend backend = Backends.open(kind, bytes)) {
      for (int repeat = 1; repeat <= LOADS; repeat++) {
        double seconds = load(backend, source);
        print(
            "load %d on %s: %.2f s, %.2f GB/s, %.0f%% of the plain read's rate",
            repeat,
            backend.device(),
            seconds,
            reading.bytes() / seconds / 1e9,
            100 * reading.shareOf(seconds));
      }
      long held = kind == BackendKind.CPU ? weights(backend, source).base() : 0;
      print(
          "host memory: %.0f MB before, at most %.0f MB, %.0f MB of it the loaded weights:"
              + " %.0f MB more; the largest tensor has %.0f MB",
          before / 1e6,
          memory.most() / 1e6,
          held / 1e6,
          (memory.most() - before - held) / 1e6,
          largest(directory) / 1e6);
    }
  }

  private static WeightBytes weights(Backend backend, WeightSource source) throws IOException {
    return WeightBytes.of(
        backend, source, BasePrecision.INT8_WEIGHT_ONLY, ModelLoader::languageModel);
  }

  private static long largest(ModelDirectory directory) {
    return directory.files().stream()
        .flatMap(file -> file.entries().stream())
        .mapToLong(TensorEntry::bytes)
        .max()
        .orElse(0);
  }

  private static double load(Backend backend, WeightSource source) throws IOException {
    WeightBytes bytes = weights(backend, source);
    try (Arena base = backend.budget().open("base", Purpose.BASE_WEIGHTS, bytes.base())) {
      ModelLoader loader =
          new ModelLoader(backend, source, BasePrecision.INT8_WEIGHT_ONLY, base, Optional.empty());
      long began = System.nanoTime();
      loader.languageModel();
      return (System.nanoTime() - began) / 1e9;
    }
  }

  /** What Linux says of this process, its own line. */
  private static String peakResident() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmHWM"))
        .findFirst()
        .map(line -> line.substring(line.indexOf(':') + 1).strip())
        .orElse("not told");
  }

  private static void print(String format, Object... values) {
    System.out.printf(Locale.ROOT, format + "%n", values);
  }
}
