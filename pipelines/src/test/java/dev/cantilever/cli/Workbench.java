package dev.cantilever.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.host.LoraSpec;
import dev.cantilever.host.ModelRef;
import dev.cantilever.hub.AdapterWriter;
import dev.cantilever.hub.LoraModule;
import dev.cantilever.hub.TaskType;
import dev.cantilever.parity.Fixtures;
import dev.cantilever.sample.EmbeddedSample;
import dev.cantilever.sample.EmbeddedSamples;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Copies of all that the commands read, to be broken and mended again: the embedded model and
 * classifier, texts, an adapter, a fixture and a run whose data are prepared. The paths stay the
 * same, so a run recognises its recipe.
 */
final class Workbench {

  /** What a command said. */
  record Outcome(ExitCode exitCode, String out, String err) {}

  static final int ROWS = 40;
  private static final String RUN = "run";
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> SETTINGS =
      List.of(
          "prepare.block_size=24",
          "prepare.max_sft_tokens=48",
          "prepare.test_fraction=0.25",
          "prepare.cleaning.min_chars=0",
          "lora.r=2",
          "sft.evaluation_rows=1",
          "rollout.response_max_tokens=5",
          "ppo.batch.rows=4",
          "ppo.batch.mini_batch_size=2",
          "ppo.batch.epochs=1",
          "evaluation.prompts=2",
          "evaluation.shown=1",
          "loop.steps=1");

  private final Path originals;
  private final Path work;

  Workbench(Path root) throws IOException {
    originals = root.resolve("originals");
    work = root.resolve("work");
    move(EmbeddedSamples.extract(EmbeddedSample.LANGUAGE_MODEL, root), "model");
    move(EmbeddedSamples.extract(EmbeddedSample.CLASSIFIER, root), "judge");
    Files.write(originals.resolve("texts.jsonl"), rows(ROWS));
    adapter(Files.createDirectory(originals.resolve("adapter")));
    Fixtures.copy("gpt_neox", Files.createDirectory(originals.resolve("fixture")));
    reset();
    Outcome prepared = run(arguments("prepare", RUN));
    if (prepared.exitCode() != ExitCode.DONE) {
      throw new IllegalStateException("preparing whole input failed: " + prepared);
    }
    copy(work.resolve(RUN), originals.resolve(RUN));
  }

  private void move(Path sample, String name) throws IOException {
    Files.createDirectories(originals);
    Files.move(sample, originals.resolve(name));
  }

  private static void adapter(Path directory) throws IOException {
    LoraModule module = new LoraModule("gpt_neox.layers.0.attention.dense", 256, 256);
    LoraSpec spec = new LoraSpec(2, 4, 0, List.of("dense"), false);
    try (AdapterWriter writer =
        AdapterWriter.create(
            directory,
            spec.config(TaskType.CAUSAL_LM, new ModelRef("model", "")),
            List.of(module))) {
      writer.writeA(module, new float[2 * 256]);
      writer.writeB(module, new float[2 * 256]);
      writer.finish();
    }
  }

  static List<String> rows(int count) {
    List<String> rows = new ArrayList<>();
    for (int row = 0; row < count; row++) {
      rows.add(
          "{\"text\": \"A fine thing, said the old man in row "
              + row
              + ", and the film went on until the lamp was out.\"}");
    }
    return rows;
  }

  /** A path of what commands read. */
  Path path(String name) {
    return work.resolve(name);
  }

  /** One of the two weight files of the model. */
  Path shard(int number) {
    return path("model/model-0000" + number + "-of-00002.safetensors");
  }

  /** Everything as it was, and nothing else. */
  void reset() throws IOException {
    delete(work);
    copy(originals, work);
  }

  /** What commands read as it was; what they wrote stays. */
  void mend() throws IOException {
    for (String read : List.of("model", "judge", "texts.jsonl", "adapter", "fixture")) {
      delete(path(read));
      copy(originals.resolve(read), path(read));
    }
  }

  /**
   * A command that works on whole input.
   *
   * @param out name of the directory that it writes, if it writes one
   */
  List<String> arguments(String command, String out) {
    List<String> arguments = new ArrayList<>(List.of(command));
    switch (command) {
      case "parity" -> arguments.add(path("fixture").toString());
      case "generate" -> {
        arguments.addAll(List.of("--model", path("model").toString()));
        arguments.addAll(List.of("--set", "generation.max_new_tokens=3", "A film"));
      }
      case "merge" -> {
        arguments.addAll(List.of("--model", path("model").toString()));
        arguments.addAll(List.of("--adapter", path("adapter").toString()));
        arguments.addAll(List.of("--out", path(out).toString()));
      }
      default -> {
        arguments.addAll(List.of("--model", path("model").toString()));
        arguments.addAll(List.of("--out", path(out).toString()));
        SETTINGS.forEach(setting -> arguments.addAll(List.of("--set", setting)));
        arguments.addAll(List.of("--set", "prepare.input=" + path("texts.jsonl")));
        arguments.addAll(List.of("--set", "reward.model=" + path("judge")));
      }
    }
    return arguments;
  }

  Outcome run(List<String> arguments) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    ExitCode exitCode =
        new Cantilever(
                Commands.table(),
                new PrintStream(out, true, StandardCharsets.UTF_8),
                new PrintStream(err, true, StandardCharsets.UTF_8),
                false)
            .run(arguments);
    return new Outcome(
        exitCode, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  /** All files with their sizes, but for the locks of runs. */
  SortedMap<String, Long> files() throws IOException {
    SortedMap<String, Long> files = new TreeMap<>();
    try (Stream<Path> all = Files.walk(work)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        if (!file.endsWith(".lock")) {
          files.put(work.relativize(file).toString(), Files.size(file));
        }
      }
    }
    return files;
  }

  static void truncate(Path file, long bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.truncate(channel.size() - bytes);
    }
  }

  static void editJson(Path file, Consumer<ObjectNode> edit) throws IOException {
    ObjectNode content = (ObjectNode) JSON.readTree(file.toFile());
    edit.accept(content);
    JSON.writeValue(file.toFile(), content);
  }

  /** Replaces the first match in the header of a safetensors file; the data stay. */
  static void editHeader(Path file, String regex, String replacement) throws IOException {
    byte[] all = Files.readAllBytes(file);
    int length = Math.toIntExact(ByteBuffer.wrap(all).order(ByteOrder.LITTLE_ENDIAN).getLong());
    String header = new String(all, Long.BYTES, length, StandardCharsets.UTF_8);
    String edited = header.replaceFirst(regex, replacement);
    if (edited.equals(header)) {
      throw new IllegalArgumentException("nothing matches " + regex + " in " + header);
    }
    byte[] bytes = edited.getBytes(StandardCharsets.UTF_8);
    int data = Long.BYTES + length;
    ByteBuffer whole =
        ByteBuffer.allocate(Long.BYTES + bytes.length + all.length - data)
            .order(ByteOrder.LITTLE_ENDIAN);
    whole.putLong(bytes.length).put(bytes).put(all, data, all.length - data);
    Files.write(file, whole.array());
  }

  private static void copy(Path from, Path to) throws IOException {
    try (Stream<Path> all = Files.walk(from)) {
      for (Path source : all.toList()) {
        Path target = to.resolve(from.relativize(source).toString());
        if (Files.isDirectory(source)) {
          Files.createDirectories(target);
        } else {
          Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
        }
      }
    }
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
