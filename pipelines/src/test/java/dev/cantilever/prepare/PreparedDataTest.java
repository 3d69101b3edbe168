package dev.cantilever.prepare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.manifest.CommitDirectory;
import dev.cantilever.manifest.CommitManifest;
import dev.cantilever.manifest.ManifestException;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedDataTest {

  @TempDir private Path dir;
  private Reviews reviews;
  private Path data;

  @BeforeEach
  void prepare() throws IOException {
    reviews = Reviews.extract(dir.resolve("samples"));
    data = dir.resolve("data");
    Path input = Files.write(dir.resolve("a.jsonl"), reviews.lines(0, 8));
    PreparePipeline.run(
        Reviews.spec(input), reviews.model(), data, 1, "test", PipelineOptionsFactory.create());
  }

  @Test
  void open_fileAltered_isRefusedByName() throws IOException {
    Path file = data.resolve("documents-00000.parquet");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThatThrownBy(() -> PreparedData.open(data))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("documents-00000.parquet");
  }

  @Test
  void open_manifestGone_isRefused() throws IOException {
    Files.delete(PreparedData.open(data).manifestPath());
    assertThatThrownBy(() -> PreparedData.open(data))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("run it again");
  }

  @Test
  void open_manifestOfAnotherStage_isRefused() throws IOException {
    Path other = Files.createDirectory(dir.resolve("other"));
    CommitDirectory.at(other)
        .commit(new CommitManifest("rollouts", "test", 1, 0, List.of(), Map.of()));
    assertThatThrownBy(() -> PreparedData.open(other))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("rollouts");
  }

  @Test
  void requireTokenizer_another_isRefusedAndTheSameIsNot() throws IOException {
    PreparedData prepared = PreparedData.open(data);
    prepared.requireTokenizer(reviews.model());
    Path other = Files.createDirectory(dir.resolve("other"));
    Files.writeString(other.resolve("tokenizer.json"), "{}");
    assertThatThrownBy(() -> prepared.requireTokenizer(other))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("the tokenizer that prepared " + data);
    assertThat(prepared.facts()).containsEntry("seed", "1");
  }
}
