package dev.cantilever.backend.cuda;

import dev.cantilever.backend.DeviceException;
import dev.cantilever.backend.cuda.driver.ComputeCapability;
import dev.cantilever.backend.cuda.driver.KernelCompiler;
import dev.cantilever.backend.cuda.driver.KernelSource;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A process that compiles every second source of the catalog and leaves what came of it in files:
 * the compiler takes one at a time in a process, and this halves the time of its test.
 */
final class CatalogCompiler {

  private static final String CUBIN = ".cubin";
  private static final String LOG = ".log";

  private CatalogCompiler() {}

  /** Starts the process, which ends when all is compiled. */
  static Process start(Path folder) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(argument -> argument.startsWith("-D") || argument.startsWith("--add-"))
        .forEach(command::add);
    command.addAll(
        List.of(
            CatalogTargets.argument(),
            "-cp",
            System.getProperty("java.class.path"),
            CatalogCompiler.class.getName(),
            folder.toString()));
    return new ProcessBuilder(command)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .redirectError(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  /** Whether the process has the source of this number. */
  static boolean takes(int number) {
    return number % 2 == 1;
  }

  /**
   * What came of a source, once that is there.
   *
   * @throws DeviceException with the compiler's messages, if it did not compile
   */
  static KernelCompiler.Compiled await(
      Process process, Path folder, int number, ComputeCapability target)
      throws IOException, InterruptedException {
    Path log = folder.resolve(name(number, target) + LOG);
    while (!Files.exists(log)) {
      if (!process.isAlive() && !Files.exists(log)) {
        throw new IllegalStateException(
            "Expected %s of the other process, which has ended with %d"
                .formatted(log.getFileName(), process.exitValue()));
      }
      Thread.sleep(20);
    }
    Path cubin = folder.resolve(name(number, target) + CUBIN);
    if (!Files.exists(cubin)) {
      throw new DeviceException(Files.readString(log));
    }
    return new KernelCompiler.Compiled(Files.readAllBytes(cubin), Files.readString(log));
  }

  private static String name(int number, ComputeCapability target) {
    return number + "-" + target.target();
  }

  /**
   * Runs it.
   *
   * @param arguments the folder
   */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[0]);
    KernelCompiler compiler = KernelCompiler.load();
    List<KernelSource> sources = KernelCatalog.all();
    for (int number = 0; number < sources.size(); number++) {
      if (takes(number)) {
        for (ComputeCapability target : CatalogTargets.of(sources, number)) {
          compile(compiler, sources.get(number), target, folder, name(number, target));
        }
      }
    }
  }

  private static void compile(
      KernelCompiler compiler,
      KernelSource source,
      ComputeCapability target,
      Path folder,
      String name)
      throws IOException {
    String log;
    try {
      KernelCompiler.Compiled compiled = compiler.compile(source, target);
      Files.write(folder.resolve(name + CUBIN), compiled.cubin());
      log = compiled.log();
    } catch (DeviceException e) {
      log = e.getMessage();
    }
    Path written = Files.writeString(folder.resolve(name + ".part"), log);
    Files.move(written, folder.resolve(name + LOG), StandardCopyOption.ATOMIC_MOVE);
  }
}
