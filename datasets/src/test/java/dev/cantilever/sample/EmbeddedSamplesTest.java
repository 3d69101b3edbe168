package dev.cantilever.sample;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import dev.cantilever.text.Document;
import dev.cantilever.text.TextColumns;
import dev.cantilever.text.TextItem;
import dev.cantilever.text.TextShard;
import dev.cantilever.text.TextSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EmbeddedSamplesTest {

  private static final FileTime LONG_AGO = FileTime.fromMillis(1_000_000_000_000L);

  @TempDir private Path directory;

  @ParameterizedTest
  @EnumSource(EmbeddedSample.class)
  void extract_intoNothing_givesExactlyTheListedFiles(EmbeddedSample sample) throws IOException {
    Path folder = EmbeddedSamples.extract(sample, directory.resolve("made/too"));

    try (Stream<Path> files = Files.list(folder)) {
      assertThat(files.map(file -> file.getFileName().toString()))
          .containsExactlyInAnyOrderElementsOf(
              SampleFile.of(sample).stream().map(SampleFile::name).toList())
          .isNotEmpty();
    }
    for (SampleFile file : SampleFile.of(sample)) {
      assertThat(file.isIntact(folder.resolve(file.name()))).isTrue();
    }
  }

  @Test
  void extract_untouched_isReused() throws IOException {
    Path folder = EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);
    Path file = folder.resolve("test.jsonl");
    Files.setLastModifiedTime(file, LONG_AGO);

    EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);

    assertThat(Files.getLastModifiedTime(file)).isEqualTo(LONG_AGO);
  }

  @Test
  void extract_damagedAtTheSameSize_isReplaced() throws IOException {
    Path folder = EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);
    Path file = folder.resolve("test.jsonl");
    byte[] content = Files.readAllBytes(file);
    byte[] damaged = content.clone();
    damaged[1000] ^= 1;
    Files.write(file, damaged);

    EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);

    assertThat(Files.readAllBytes(file)).isEqualTo(content);
    assertThat(entries()).containsExactlyInAnyOrder("reviews-synthetic", ".samples.lock");
  }

  @Test
  void extract_fileMissingAndLitterOfAKilledRun_isReplacedAndSwept() throws IOException {
    Path folder = EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);
    Files.delete(folder.resolve("train.jsonl"));
    Path litter = directory.resolve(".reviews-synthetic.new.aside");
    Files.createDirectories(litter);
    Files.writeString(litter.resolve("train.jsonl"), "half");

    EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);

    assertThat(folder.resolve("train.jsonl")).exists();
    assertThat(entries()).containsExactlyInAnyOrder("reviews-synthetic", ".samples.lock");
  }

  @Test
  void extract_manyThreads_agree() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<Path>> folders = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        folders.add(
            threads.submit(() -> EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory)));
      }
      for (Future<Path> folder : folders) {
        assertThat(folder.get()).isEqualTo(directory.resolve("reviews-synthetic"));
      }
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void extract_whereAFileIs_isRefusedAndLeavesIt() throws IOException {
    Path file = Files.writeString(directory.resolve("reviews-synthetic"), "mine");

    assertThatThrownBy(() -> EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(file.toString());
    assertThat(file).hasContent("mine");
  }

  @Test
  void reviews_readAsASource_areAllGoodBalancedAndUnique() throws IOException {
    Path folder = EmbeddedSamples.extract(EmbeddedSample.REVIEWS, directory);
    List<TextItem> items = new ArrayList<>();
    for (TextShard shard : TextSource.detect(folder, TextColumns.ofReviews()).shards()) {
      shard.read(items::add);
    }

    assertThat(items).hasSize(3_840).allMatch(Document.class::isInstance);
    List<Document> documents = items.stream().map(Document.class::cast).toList();
    assertThat(documents).extracting(Document::id).doesNotHaveDuplicates();
    assertThat(documents)
        .filteredOn(d -> d.attribute(Document.LABEL).equals(Optional.of("positive")))
        .hasSize(1_920);
  }

  private List<String> entries() throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.map(path -> path.getFileName().toString()).toList();
    }
  }
}
