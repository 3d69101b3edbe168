package dev.cantilever.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointConversionTest {

  @TempDir Path folder;

  private ConversionSummary convert(Path from, Path to, long shardBytes, List<Long> told)
      throws IOException {
    try (CheckpointConversion conversion = CheckpointConversion.open(from)) {
      return conversion.write(to, shardBytes, told::add);
    }
  }

  private Path pickles(int files) throws IOException {
    Path source = folder.resolve("pickles" + files);
    TorchArchiveWriter.convert(
        Fixtures.path("gpt2"), source, files, Map.of("transformer.wte.weight", "lm_head.weight"));
    Files.writeString(source.resolve("tokenizer_config.json"), "{}");
    return source;
  }

  @Test
  void write_picklesInTwoFiles_areTheSafetensorsByteForByte() throws IOException {
    Path out = folder.resolve("out");
    List<Long> told = new ArrayList<>();

    ConversionSummary summary = convert(pickles(2), out, 40_000, told);

    assertThat(summary.files()).isGreaterThan(1);
    assertThat(summary.tied()).containsExactly("lm_head.weight");
    assertThat(summary.companions()).containsExactly("tokenizer_config.json");
    assertThat(told.stream().mapToLong(Long::longValue).sum()).isEqualTo(summary.bytes());
    try (ModelDirectory expected = ModelDirectory.open(Fixtures.path("gpt2"));
        ModelDirectory found = ModelDirectory.open(out)) {
      assertThat(found.names()).isEqualTo(expected.names());
      assertThat(found.files())
          .hasSize(summary.files())
          .allMatch(SafetensorsFile.class::isInstance);
      assertThat(found.config().json()).isEqualTo(expected.config().json());
      for (String name : expected.names()) {
        assertThat(found.entry(name).shape()).isEqualTo(expected.entry(name).shape());
        assertThat(found.file(name).readBytes(name))
            .as(name)
            .isEqualTo(expected.file(name).readBytes(name));
      }
    }
  }

  @Test
  void write_oneFileOfAllTensors_isTheOriginalFile() throws IOException {
    Path out = folder.resolve("out");

    ConversionSummary summary =
        convert(pickles(1), out, ModelDirectoryWriter.DEFAULT_SHARD_BYTES, new ArrayList<>());

    assertThat(summary.files()).isEqualTo(1);
    assertThat(Files.readAllBytes(out.resolve("model.safetensors")))
        .isEqualTo(Files.readAllBytes(Fixtures.path("gpt2").resolve("model.safetensors")));
  }

  @Test
  void write_headThatTheConfigUnties_isWrittenTwice() throws IOException {
    Path source = pickles(1);
    Path config = source.resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config)
            .replaceFirst("\"tie_word_embeddings\": true,", "")
            .replaceFirst("\\{", "{\"tie_word_embeddings\": false,"));

    convert(source, folder.resolve("out"), 1 << 20, new ArrayList<>());

    try (ModelDirectory found = ModelDirectory.open(folder.resolve("out"))) {
      assertThat(found.readFloats("lm_head.weight"))
          .isEqualTo(found.readFloats("transformer.wte.weight"));
    }
  }

  @Test
  void dropped_namesOfOneTensor_areThoseThatTransformersTies() throws IOException {
    ModelConfig config = ModelConfig.read(Fixtures.path("gpt2"));
    String encoder = "encoder.embed_tokens.weight";
    String decoder = "decoder.embed_tokens.weight";

    assertThat(
            TiedNames.dropped(
                config, List.of(List.of("shared.weight", encoder, decoder, "lm_head.weight"))))
        .containsExactly(encoder, decoder, "lm_head.weight");
    assertThat(TiedNames.dropped(config, List.of(List.of("model." + decoder, "lm_head.weight"))))
        .containsExactly("lm_head.weight");
    assertThat(
            TiedNames.dropped(
                config, List.of(List.of("cls.predictions.bias", "cls.predictions.decoder.bias"))))
        .containsExactly("cls.predictions.decoder.bias");
    assertThat(TiedNames.dropped(config, List.of(List.of("a.weight", "b.weight")))).isEmpty();
  }

  @Test
  void write_sourceThatIsCutShort_leavesNothing() throws IOException {
    Path source = pickles(1);
    Path out = folder.resolve("out");
    try (CheckpointConversion conversion = CheckpointConversion.open(source)) {
      Files.write(source.resolve("pytorch_model.bin"), new byte[1000]);

      assertThatThrownBy(() -> conversion.write(out, 1 << 20, bytes -> {}))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("pytorch_model.bin ended");
    }
    assertThat(out).doesNotExist();
    try (var left = Files.list(folder)) {
      assertThat(left).containsExactly(source);
    }
  }
}
