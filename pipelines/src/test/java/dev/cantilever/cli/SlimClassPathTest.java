package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A GPU host gets a class path without Beam, Arrow, Parquet or Flink: what must run there. */
class SlimClassPathTest {

  private static final Pattern KEPT =
      Pattern.compile(
          ".*/(schemas|datasets|gpu-ops|pipelines)/target/classes"
              + "|.*/(cantilever-|picocli|jackson-|snakeyaml|slf4j-|jspecify|javacpp|jna|cuda)[^/]*\\.jar");

  @TempDir Path folder;
  private URLClassLoader slim;

  @BeforeEach
  void open() throws IOException {
    List<URL> kept = new ArrayList<>();
    String all =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : all.split(File.pathSeparator)) {
      if (KEPT.matcher(entry.replaceAll("/$", "")).matches()) {
        kept.add(Path.of(entry).toUri().toURL());
      }
    }
    slim = new URLClassLoader(kept.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
  }

  @AfterEach
  void close() throws IOException {
    slim.close();
  }

  private String run(String... arguments) throws ReflectiveOperationException {
    Class<?> program = slim.loadClass("dev.cantilever.cli.Cantilever");
    var out = new ByteArrayOutputStream();
    var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
    var table = slim.loadClass("dev.cantilever.cli.Commands").getDeclaredMethod("table");
    table.setAccessible(true);
    var constructor =
        program.getDeclaredConstructor(
            List.class, PrintStream.class, PrintStream.class, boolean.class);
    constructor.setAccessible(true);
    var run = program.getDeclaredMethod("run", List.class);
    run.setAccessible(true);
    Object exitCode =
        run.invoke(
            constructor.newInstance(table.invoke(null), stream, stream, false), List.of(arguments));
    return exitCode + "\n" + out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void planBenchAndTheirFailures_withoutBeam_run() throws Exception {
    Path model =
        Files.writeString(
            folder.resolve("config.json"),
            """
            {"model_type": "gpt_neox", "hidden_size": 64, "num_attention_heads": 4,
             "num_hidden_layers": 1, "intermediate_size": 128, "vocab_size": 160,
             "hidden_act": "gelu", "rotary_pct": 0.25, "max_position_embeddings": 64}
            """);
    for (String absent :
        List.of(
            "org.apache.beam.sdk.Pipeline",
            "org.apache.arrow.vector.VectorSchemaRoot",
            "org.apache.parquet.schema.MessageType",
            "org.apache.flink.util.SerializedThrowable")) {
      assertThatThrownBy(() -> slim.loadClass(absent)).isInstanceOf(ClassNotFoundException.class);
    }

    assertThat(run("plan", "--model", model.toString(), "--backend", "cuda", "--rows", "128"))
        .startsWith("DONE");
    assertThat(
            run(
                "bench",
                "--model",
                model.toString(),
                "--budget",
                "128MiB",
                "--rows",
                "2",
                "--prompt",
                "2",
                "--response",
                "2",
                "--minibatch",
                "2",
                "--epochs",
                "1",
                "--steps",
                "1"))
        .startsWith("DONE")
        .contains("KL of the fresh adapter exactly 0");
    assertThat(run("bench", "--model", folder.resolve("none").toString())).startsWith("USAGE");
  }
}
