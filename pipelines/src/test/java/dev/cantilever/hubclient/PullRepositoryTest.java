package dev.cantilever.hubclient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PullRepositoryTest {

  @TempDir private Path dir;
  private FakeHub hub;
  private final AtomicLong progress = new AtomicLong();

  @BeforeEach
  void start() throws IOException {
    hub = new FakeHub();
    hub.files.put("config.json", bytes("{}"));
    hub.files.put("folder/with space/ü.txt", bytes("in a folder"));
    hub.files.put("model.safetensors", random(200_000, 1));
    hub.files.put("model-copy.safetensors", random(5_000, 2));
    hub.files.put("pytorch_model.bin", random(300, 3));
    hub.files.put("onnx/model.json", bytes("x"));
    hub.files.put("empty.txt", new byte[0]);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void pull_repository_bringsWhatIsNeededAndNothingElse() throws Exception {
    PullSummary summary = pull("main");

    assertThat(summary.commit()).isEqualTo(FakeHub.COMMIT);
    assertThat(summary.files()).isEqualTo(5);
    assertThat(summary.kept()).isZero();
    assertThat(summary.skipped()).isEqualTo(2);
    assertThat(progress).hasValue(summary.bytes());
    for (String name : hub.files.keySet()) {
      if (!name.startsWith("onnx") && !name.endsWith(".bin")) {
        assertThat(out().resolve(name)).hasBinaryContent(hub.files.get(name));
      }
    }
    assertThat(names()).hasSize(5);
    assertThat(hub.tokensAtStore).isEmpty();
  }

  @Test
  void pull_again_keepsWhatIsThereAndMendsWhatIsNot() throws Exception {
    pull("main");
    Files.writeString(out().resolve("config.json"), "[]");

    assertThat(pull("main").kept()).isEqualTo(4);

    assertThat(out().resolve("config.json")).hasContent("{}");
  }

  @Test
  void pull_cutConnections_goesOnWhereTheyEnded() throws Exception {
    hub.files.keySet().removeIf(name -> !name.equals("model.safetensors"));
    hub.cuts.set(5); // more than may fail in a row: each attempt brings something

    pull("main");

    assertThat(out().resolve("model.safetensors"))
        .hasBinaryContent(hub.files.get("model.safetensors"));
    assertThat(hub.requests).anyMatch(request -> request.contains("bytes=100000-"));
    assertThat(hub.requests).anyMatch(request -> request.contains("bytes=175000-"));
  }

  @Test
  void pull_serverThatIgnoresRanges_beginsAnew() throws Exception {
    hub.cuts.set(1);
    hub.ignoresRange = true;

    PullSummary summary = pull("main");

    assertThat(progress).hasValue(summary.bytes());
    assertThat(out().resolve("model.safetensors"))
        .hasBinaryContent(hub.files.get("model.safetensors"));
  }

  @Test
  void pull_interruptedRun_isGoneOnWithByTheNext() throws Exception {
    hub.files.keySet().removeIf(name -> !name.equals("model.safetensors"));
    hub.cuts.set(1);
    PullRepository once =
        PullRepository.open(
            new HubHttp(hub.endpoint(Optional.empty()), new Backoff(Duration.ofMillis(1), 1)),
            RepoId.parse(FakeHub.REPO),
            "main");
    assertThatThrownBy(() -> once.run(out(), bytes -> {})).isInstanceOf(HubException.class);
    assertThat(out().resolve("model.safetensors")).doesNotExist();

    pull("main");

    assertThat(hub.requests.get(hub.requests.size() - 1)).contains("bytes=100000-");
    assertThat(names()).containsExactly("model.safetensors");
  }

  @Test
  void pull_busyHub_isAskedAgain() throws Exception {
    hub.busy.set(2);

    assertThat(pull("main").files()).isEqualTo(5);
  }

  @Test
  void pull_wrongContent_isThrownAway() {
    hub.wrongContent = true;

    assertThatThrownBy(() -> pull("main"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("expected SHA-")
        .hasMessageContaining("run it again");
    assertThat(out().resolve("model.safetensors")).doesNotExist();
  }

  @Test
  void pull_wrongSize_isRefused() {
    hub.wrongSize = true;

    assertThatThrownBy(() -> pull("main"))
        .isInstanceOf(HubException.class)
        .hasMessageMatching(".*expected [0-9]+ bytes, found [0-9]+;.*");
  }

  @Test
  void pull_token_isSentToTheHubAlone() throws Exception {
    hub.needsToken = true;

    PullRepository.open(hub.http(Optional.of(FakeHub.TOKEN)), RepoId.parse(FakeHub.REPO), "main")
        .run(out(), bytes -> {});

    assertThat(hub.tokensAtStore).isEmpty();
    assertThat(hub.endpoint(Optional.of(FakeHub.TOKEN)).toString()).doesNotContain(FakeHub.TOKEN);
  }

  @Test
  void pull_withoutAccess_saysWhatToSet() {
    hub.needsToken = true;
    assertThatThrownBy(() -> pull("main"))
        .isInstanceOf(HubRequestException.class)
        .hasMessageContaining("set HF_TOKEN");

    hub.gated = true;
    assertThatThrownBy(() -> pull("main"))
        .isInstanceOf(HubRequestException.class)
        .hasMessageContaining("gated")
        .hasMessageContaining("Access is restricted");
  }

  @Test
  void pull_whatDoesNotExist_isNamed() {
    assertThatThrownBy(() -> pull("no-such-branch"))
        .isInstanceOf(HubRequestException.class)
        .hasMessageContaining("--revision");
    assertThatThrownBy(
            () -> PullRepository.open(hub.http(Optional.empty()), RepoId.parse("a/b"), "main"))
        .isInstanceOf(HubRequestException.class)
        .hasMessageContaining("check its name");
  }

  @Test
  void pull_revisionWithSlashes_isOneSegment() throws Exception {
    assertThat(pull("refs/pr/1").files()).isEqualTo(5);
  }

  @Test
  void pull_offline_isOneMessage() throws Exception {
    URI nobody;
    try (ServerSocket free = new ServerSocket(0)) {
      nobody = URI.create("http://127.0.0.1:" + free.getLocalPort());
    }
    HubHttp http =
        new HubHttp(
            new HubEndpoint(nobody, Optional.empty()), new Backoff(Duration.ofMillis(1), 2));

    assertThatThrownBy(() -> PullRepository.open(http, RepoId.parse("a/b"), "main"))
        .isInstanceOf(HubException.class)
        .isNotInstanceOf(HubRequestException.class)
        .hasMessageContaining("check the network and HF_ENDPOINT");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside.json",
        "a/../../outside.json",
        "/etc/outside.json",
        "a//b.json",
        "./a.json",
        "a\\b.json",
        "c:a.json",
        "a\u0000b.json",
        ".pull/x.json",
        ""
      })
  void pull_hostileName_isRefusedBeforeAnythingIsWritten(String name) {
    hub.files.put(name, bytes("x"));

    assertThatThrownBy(() -> pull("main"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("below the directory");
    assertThat(dir).isEmptyDirectory();
  }

  @Test
  void pull_linkOutOfTheDirectory_isNotFollowed() throws IOException {
    Path elsewhere = Files.createDirectory(dir.resolve("elsewhere"));
    Files.createDirectory(out());
    Files.createSymbolicLink(out().resolve("folder"), elsewhere);

    assertThatThrownBy(() -> pull("main"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("a link out of it");
    assertThat(elsewhere).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"file:///etc/passwd", "ftp://127.0.0.1/x", "http:nothing"})
  void pull_redirectToSomethingElse_isRefused(String location) {
    hub.redirect = Optional.of(URI.create(location));

    assertThatThrownBy(() -> pull("main")).isInstanceOf(HubException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a/b/c", "../b", "a b", "a/..", "https://x/y", "a/"})
  void repository_thatIsNoName_isRefused(String name) {
    assertThatThrownBy(() -> RepoId.parse(name)).isInstanceOf(HubRequestException.class);
  }

  @Test
  void endpoint_ofTheEnvironment_isCheckedWithoutShowingTheToken() {
    assertThat(HubEndpoint.of(Map.of()).toString()).isEqualTo("https://huggingface.co");
    assertThat(HubEndpoint.of(Map.of("HF_ENDPOINT", "http://mirror:8080/hf/")).toString())
        .isEqualTo("http://mirror:8080/hf");
    assertThatThrownBy(() -> HubEndpoint.of(Map.of("HF_ENDPOINT", "mirror")))
        .isInstanceOf(HubRequestException.class);
    assertThatThrownBy(() -> HubEndpoint.of(Map.of("HF_TOKEN", "hf_a\nb")))
        .isInstanceOf(HubRequestException.class)
        .hasMessageNotContaining("hf_a");
  }

  private PullSummary pull(String revision) throws IOException, InterruptedException {
    return PullRepository.open(hub.http(Optional.empty()), RepoId.parse(FakeHub.REPO), revision)
        .run(out(), progress::addAndGet);
  }

  private Path out() {
    return dir.resolve("out");
  }

  private Stream<String> names() throws IOException {
    try (Stream<Path> all = Files.walk(out())) {
      return all
          .filter(Files::isRegularFile)
          .map(file -> out().relativize(file).toString())
          .toList()
          .stream();
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static byte[] random(int size, long seed) {
    byte[] content = new byte[size];
    new Random(seed).nextBytes(content);
    return content;
  }
}
