package dev.cantilever.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher in a tree of its own, with programs in place of java and mvn that only say how they
 * were called, so that nothing is built.
 */
class LauncherTest {
  private static final String JAVA_17 =
      """
      #!/bin/bash
      if [[ $1 == -version ]]; then echo 'openjdk version "17.0.15" 2025-04-15' >&2; exit; fi
      printf '%s\\n' "$@"
      exit 7
      """;
  private static final String MAVEN =
      """
      #!/bin/bash
      echo built >>"$BUILDS"
      mkdir -p pipelines/target/classes gpu-ops/target/classes
      echo "$PWD/gpu-ops/target/classes:$PWD/not there" >pipelines/target/runtime.classpath
      """;

  @TempDir private Path dir;
  private Path tree;
  private Path bin;
  private Path builds;

  private record Ended(int exitCode, String out, String err) {}

  @BeforeEach
  void makeTree() throws IOException {
    tree = Files.createDirectories(dir.resolve("a tree"));
    bin = Files.createDirectories(dir.resolve("bin"));
    builds = Files.createFile(dir.resolve("builds"));
    Files.createDirectories(tree.resolve(".mvn"));
    Files.writeString(tree.resolve("pom.xml"), "<project/>");
    Path source = tree.resolve("gpu-ops/src/main/java/A.java");
    Files.createDirectories(source.getParent());
    Files.writeString(source, "class A {}");
    Files.copy(Path.of("..", "cantilever"), tree.resolve("cantilever"));
    executable("java", JAVA_17);
    executable("mvn", MAVEN);
  }

  private void executable(String name, String text) throws IOException {
    Path file = Files.writeString(bin.resolve(name), text);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  private Ended launch(Path script, String... args) throws Exception {
    List<String> command = new ArrayList<>(List.of(script.toString()));
    command.addAll(List.of(args));
    Path err = dir.resolve("err");
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().keySet().removeIf(name -> name.equals("JAVA_HOME"));
    builder.environment().remove("CANTILEVER_JAVA_OPTS");
    builder.environment().put("PATH", bin + ":/usr/bin:/bin");
    builder.environment().put("BUILDS", builds.toString());
    builder.environment().put("XDG_CACHE_HOME", dir.resolve("cache").toString());
    Process process = builder.directory(dir.toFile()).redirectError(err.toFile()).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    return new Ended(process.exitValue(), out, Files.readString(err));
  }

  private long builds() throws IOException {
    return Files.readAllLines(builds).size();
  }

  @Test
  void launch_firstTime_buildsThenRunsAndPassesTheExitCodeOn() throws Exception {
    Ended ended = launch(tree.resolve("cantilever"), "demo", "--out", "a b");
    assertThat(ended.exitCode()).isEqualTo(7);
    assertThat(ended.err()).isEqualTo("building…\n");
    Path real = tree.toRealPath();
    assertThat(ended.out().lines())
        .contains("--add-opens=java.base/java.nio=ALL-UNNAMED", "-Dai.djl.offline=true")
        .contains(real + "/pipelines/target/classes:" + real + "/gpu-ops/target/classes")
        .endsWith("dev.cantilever.cli.Cantilever", "demo", "--out", "a b");
  }

  @Test
  void launch_again_doesNotBuild() throws Exception {
    launch(tree.resolve("cantilever"));
    Ended second = launch(tree.resolve("cantilever"));
    assertThat(second.err()).isEmpty();
    assertThat(builds()).isEqualTo(1);
  }

  @Test
  void launch_sourceNewerThanBuild_buildsAgain() throws Exception {
    launch(tree.resolve("cantilever"));
    FileTime later = FileTime.from(Instant.now().plusSeconds(10));
    Files.setLastModifiedTime(tree.resolve("gpu-ops/src/main/java/A.java"), later);
    launch(tree.resolve("cantilever"));
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void launch_partOfBuildGone_buildsAgain() throws Exception {
    launch(tree.resolve("cantilever"));
    Files.delete(tree.resolve("gpu-ops/target/classes"));
    launch(tree.resolve("cantilever"));
    assertThat(builds()).isEqualTo(2);
  }

  @Test
  void launch_throughSymbolicLink_findsItsTree() throws Exception {
    Path link =
        Files.createSymbolicLink(bin.resolve("cantilever"), Path.of("../a tree/cantilever"));
    assertThat(launch(link).exitCode()).isEqualTo(7);
    assertThat(tree.resolve("target/launcher/stamp")).exists();
  }

  @Test
  void launch_buildFails_showsItsLog() throws Exception {
    executable("mvn", "#!/bin/bash\necho 'cannot find symbol'\nexit 1\n");
    Ended ended = launch(tree.resolve("cantilever"));
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("cannot find symbol").contains("target/launcher/build.log");
  }

  @Test
  void launch_oldJava_saysWhichIsNeeded() throws Exception {
    executable("java", "#!/bin/bash\necho 'openjdk version \"11.0.2\" 2019' >&2\n");
    Ended ended = launch(tree.resolve("cantilever"));
    assertThat(ended.exitCode()).isEqualTo(2);
    assertThat(ended.err()).contains("needs Java 17 or newer").contains("version 11");
    assertThat(builds()).isZero();
  }
}
