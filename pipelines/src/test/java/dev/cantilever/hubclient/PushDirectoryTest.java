package dev.cantilever.hubclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PushDirectoryTest {

  @TempDir private Path dir;
  private FakeHub hub;
  private final byte[] inOne = random(FakeHub.LARGE, 1);
  private final byte[] inPieces = random(2 * FakeHub.CHUNK + 7, 2);

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub();
    hub.needsToken = true;
    Files.writeString(dir.resolve("adapter_config.json"), "{}");
    Files.write(dir.resolve("adapter_model.safetensors"), inPieces);
    Files.createDirectories(dir.resolve("more"));
    Files.write(dir.resolve("more/value.safetensors"), inOne);
    Files.write(dir.resolve(".hidden"), inOne);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void push_adapter_uploadsObjectsAndCommitsAllFiles() throws Exception {
    AtomicLong progress = new AtomicLong();
    PushDirectory push = open(Optional.of(FakeHub.TOKEN));

    PushSummary summary = push.run("main", "An adapter", progress::addAndGet);

    assertThat(hub.objects.get(FakeHub.sha256(inOne))).isEqualTo(inOne);
    assertThat(hub.objects.get(FakeHub.sha256(inPieces))).isEqualTo(inPieces);
    assertThat(hub.tokensAtStore).isEmpty();
    assertThat(progress).hasValue(push.bytes());
    assertThat(summary.uploaded()).isEqualTo(inOne.length + inPieces.length);
    assertThat(summary.commit()).isEqualTo(FakeHub.COMMIT);
    assertThat(hub.committed.stream().map(line -> line.get("key").asText()))
        .containsExactly("header", "lfsFile", "lfsFile", "file");
    assertThat(hub.committed.get(0).get("value").get("summary").asText()).isEqualTo("An adapter");
    JsonNode large = hub.committed.get(1).get("value");
    assertThat(large.get("path").asText()).isEqualTo("adapter_model.safetensors");
    assertThat(large.get("oid").asText()).isEqualTo(FakeHub.sha256(inPieces));
    assertThat(large.get("size").asInt()).isEqualTo(inPieces.length);
    JsonNode small = hub.committed.get(3).get("value");
    assertThat(small.get("path").asText()).isEqualTo("adapter_config.json");
    assertThat(FakeHub.fromBase64(small.get("content"))).asString().isEqualTo("{}");
  }

  @Test
  void push_objectsThatAreThere_areNotSentAgain() throws Exception {
    hub.objects.put(FakeHub.sha256(inOne), inOne);

    PushSummary summary = open(Optional.of(FakeHub.TOKEN)).run("main", "again", bytes -> {});

    assertThat(summary.uploaded()).isEqualTo(inPieces.length);
  }

  @Test
  void push_busyHub_isAskedAgain() throws Exception {
    hub.busy.set(2);

    assertThat(open(Optional.of(FakeHub.TOKEN)).run("main", "m", bytes -> {}).files()).isEqualTo(3);
  }

  @Test
  void create_repositoryThatIsThere_isFine() throws Exception {
    open(Optional.of(FakeHub.TOKEN)).create(true);

    assertThat(hub.committed.get(0).toString())
        .isEqualTo(
            "{\"type\":\"model\",\"name\":\"tiny\",\"private\":true,\"organization\":\"someone\"}");
  }

  @Test
  void push_withoutToken_isRefusedBeforeAnythingIsAsked() {
    assertThatThrownBy(() -> open(Optional.empty()))
        .isInstanceOf(HubRequestException.class)
        .hasMessageContaining("HF_TOKEN");
    assertThat(hub.requests).isEmpty();
  }

  @Test
  void push_tokenWithoutTheRight_saysSoAndDoesNotShowIt() {
    assertThatThrownBy(() -> open(Optional.of("hf_other")).run("main", "m", bytes -> {}))
        .isInstanceOf(HubRequestException.class)
        .hasMessageContaining("what the token is allowed to do")
        .hasMessageNotContaining("hf_other");
  }

  private PushDirectory open(Optional<String> token) throws IOException {
    return PushDirectory.open(hub.http(token), RepoId.parse(FakeHub.REPO), dir);
  }

  private static byte[] random(int size, long seed) {
    byte[] content = new byte[size];
    new Random(seed).nextBytes(content);
    return content;
  }
}
