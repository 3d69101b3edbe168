package dev.cantilever.manifest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommitDirectoryTest {

  @TempDir Path folder;

  private CommitDirectory commit;
  private CommitManifest manifest;

  @BeforeEach
  void writeShards() throws IOException {
    Files.writeString(folder.resolve("b.parquet"), "bee");
    Files.writeString(folder.resolve("a.parquet"), "abc");
    commit = CommitDirectory.at(folder);
    manifest =
        new CommitManifest(
            "rollouts",
            "run é",
            3,
            1_000,
            List.of(
                FileEntry.of(folder.resolve("b.parquet"), 2),
                FileEntry.of(folder.resolve("a.parquet"), 1)),
            Map.of("seed", "42", "adapter", "ff"));
  }

  @Test
  void commit_wholeFiles_readsBackEqual() throws IOException {
    Path path = commit.commit(manifest);
    assertThat(path).isEqualTo(folder.resolve("manifest.json"));
    assertThat(CommitDirectory.ofManifest(path).readVerified()).isEqualTo(manifest);
    assertThat(commit.isCommitted()).isTrue();
    assertThat(manifest.rows()).isEqualTo(3);
    assertThat(manifest.bytes()).isEqualTo(6);
  }

  @Test
  void commit_manifest_hasTheseBytes() throws IOException {
    String json = Files.readString(commit.commit(manifest));
    assertThat(json)
        .isEqualTo(
            """
            {
              "format" : 1,
              "kind" : "rollouts",
              "run" : "run é",
              "step" : 3,
              "created_millis" : 1000,
              "files" : [
                {
                  "name" : "a.parquet",
                  "bytes" : 3,
                  "sha256" : "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
                  "rows" : 1
                },
                {
                  "name" : "b.parquet",
                  "bytes" : 3,
                  "sha256" : "%s",
                  "rows" : 2
                }
              ],
              "facts" : {
                "adapter" : "ff",
                "seed" : "42"
              }
            }
            """
                .formatted(Digests.sha256("bee")));
  }

  @Test
  void commit_again_equalDoesNothingOtherIsRefused() throws IOException {
    byte[] first = Files.readAllBytes(commit.commit(manifest));
    assertThat(Files.readAllBytes(commit.commit(manifest))).isEqualTo(first);
    CommitManifest other =
        new CommitManifest("rollouts", "run é", 3, 2_000, manifest.files(), manifest.facts());
    assertThatThrownBy(() -> commit.commit(other))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("never changes");
    assertThat(Files.readAllBytes(commit.manifestPath())).isEqualTo(first);
  }

  @Test
  void commit_fileNotAsListed_publishesNothing() throws IOException {
    Files.writeString(folder.resolve("a.parquet"), "abd");
    assertThatThrownBy(() -> commit.commit(manifest))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("a.parquet");
    assertThat(commit.isCommitted()).isFalse();
    assertThat(commit.litter()).hasSize(2);
  }

  @Test
  void readVerified_fileAltered_namesFileExpectedAndFound() throws IOException {
    commit.commit(manifest);
    Files.writeString(folder.resolve("a.parquet"), "abd");
    assertThatThrownBy(commit::readVerified)
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("a.parquet")
        .hasMessageContaining("expected SHA-256 ba7816bf")
        .hasMessageContaining("found " + Digests.sha256("abd"))
        .hasMessageContaining("run its stage again");
    assertThat(commit.read()).isEqualTo(manifest);
  }

  @Test
  void readVerified_fileShorter_namesBothSizes() throws IOException {
    commit.commit(manifest);
    Files.writeString(folder.resolve("a.parquet"), "ab");
    assertThatThrownBy(commit::readVerified)
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("expected 3 bytes")
        .hasMessageContaining("found 2 bytes");
  }

  @Test
  void readVerified_fileGone_saysSo() throws IOException {
    commit.commit(manifest);
    Files.delete(folder.resolve("b.parquet"));
    assertThatThrownBy(commit::readVerified)
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("b.parquet")
        .hasMessageContaining("found none");
  }

  @Test
  void read_noManifest_saysTheStageDidNotFinish() {
    assertThatThrownBy(commit::read)
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("did not finish");
  }

  @Test
  void read_everyTruncation_isRefused() throws IOException {
    byte[] json = Files.readAllBytes(commit.commit(manifest));
    for (int length = 0; length < json.length - 1; length++) {
      Files.write(commit.manifestPath(), Arrays.copyOf(json, length));
      assertThatThrownBy(commit::read)
          .as("cut at %d", length)
          .isInstanceOf(ManifestException.class)
          .hasMessageContaining("manifest.json");
    }
  }

  @Test
  void read_pathsDuplicatesAndUnknownKeys_areRefused() throws IOException {
    String json = Files.readString(commit.commit(manifest));
    List<String> damaged =
        List.of(
            json.replace("\"a.parquet\"", "\"../a.parquet\""),
            json.replace("\"b.parquet\"", "\"a.parquet\""),
            json.replace("\"format\" : 1", "\"format\" : 2"),
            json.replace("\"step\" : 3", "\"step\" : 3, \"step\" : 4"),
            json.replace("\"step\" : 3", "\"step\" : 3.5"),
            json.replace("\"step\" : 3", "\"stop\" : 3"),
            json.replace("\"seed\" : \"42\"", "\"seed\" : 42"),
            json + "{}");
    for (String text : damaged) {
      Files.write(commit.manifestPath(), text.getBytes(StandardCharsets.UTF_8));
      assertThatThrownBy(commit::read).as(text).isInstanceOf(ManifestException.class);
    }
  }

  @Test
  void litter_beforeAndAfterCommit_isWhatNoManifestNames() throws IOException {
    assertThat(commit.litter())
        .containsExactly(folder.resolve("a.parquet"), folder.resolve("b.parquet"));
    commit.commit(manifest);
    assertThat(commit.litter()).isEmpty();
    Files.createDirectories(folder.resolve("temp/inner"));
    Files.writeString(folder.resolve("temp/inner/shard"), "x");
    Files.writeString(folder.resolve(".manifest.json.1.part"), "x");
    assertThat(commit.deleteLitter())
        .containsExactly(folder.resolve(".manifest.json.1.part"), folder.resolve("temp"));
    assertThat(commit.litter()).isEmpty();
    assertThat(commit.readVerified()).isEqualTo(manifest);
  }

  @Test
  void litter_linkToElsewhere_isDeletedNotFollowed(@TempDir Path elsewhere) throws IOException {
    Path kept = Files.writeString(elsewhere.resolve("kept"), "x");
    Files.createSymbolicLink(folder.resolve("link"), elsewhere);
    commit.commit(manifest);
    commit.deleteLitter();
    assertThat(kept).exists();
    assertThat(folder.resolve("link")).doesNotExist();
  }

  @Test
  void litter_directoryAbsent_isEmpty() throws IOException {
    assertThat(CommitDirectory.at(folder.resolve("absent")).litter()).isEmpty();
  }

  @Test
  void atomicWrite_targetIsADirectory_leavesNothingBeside() throws IOException {
    Path target = Files.createDirectories(folder.resolve("state/full"));
    Files.writeString(target.resolve("x"), "x");
    assertThatThrownBy(() -> AtomicFile.write(target, new byte[] {1}))
        .isInstanceOf(IOException.class);
    assertThat(folder.resolve("state")).isDirectoryContaining(target::equals);
    try (var entries = Files.list(folder.resolve("state"))) {
      assertThat(entries).hasSize(1);
    }
  }

  @Test
  void fileEntry_badDigest_isRefused() {
    assertThatThrownBy(() -> new FileEntry("a", 1, "ABC", 1))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("64 lower-case");
  }

  @Test
  void fact_unknown_listsTheKnown() {
    assertThat(manifest.fact("seed")).isEqualTo("42");
    assertThatThrownBy(() -> manifest.fact("sead"))
        .isInstanceOf(ManifestException.class)
        .hasMessageContaining("[adapter, seed]");
  }
}
