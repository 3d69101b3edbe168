package dev.cantilever.hubclient;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongConsumer;
import java.util.stream.Stream;

/** The files of a directory, of an adapter or a whole model, become one commit of a repository. */
public final class PushDirectory {

  private static final int SAMPLE_BYTES = 512;
  private static final int FILES_AT_ONCE = 256;
  private static final String JSON = "application/json";
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final HubHttp http;
  private final RepoId repo;
  private final List<LocalFile> files;

  private PushDirectory(HubHttp http, RepoId repo, List<LocalFile> files) {
    this.http = http;
    this.repo = repo;
    this.files = files;
  }

  /**
   * Looks at the files; nothing is sent yet. Hidden files and folders are left out.
   *
   * @throws HubRequestException if there is no token, or no file
   */
  public static PushDirectory open(HubEndpoint endpoint, RepoId repo, Path directory)
      throws IOException {
    return open(new HubHttp(endpoint, Backoff.usual()), repo, directory);
  }

  static PushDirectory open(HubHttp http, RepoId repo, Path directory) throws IOException {
    if (!http.endpoint().hasToken()) {
      throw new HubRequestException(
          "expected a token that may write in HF_TOKEN, found none; make one on the hub's page of"
              + " your settings");
    }
    if (!Files.isDirectory(directory)) {
      throw new HubRequestException(
          directory
              + ": expected the directory of a model or an adapter, found none; check the path");
    }
    List<Path> paths;
    try (Stream<Path> all = Files.walk(directory)) {
      paths = all.filter(Files::isRegularFile).sorted().toList();
    }
    List<LocalFile> files = new ArrayList<>();
    for (Path path : paths) {
      Path within = directory.relativize(path);
      boolean hidden = false;
      StringBuilder name = new StringBuilder();
      for (Path segment : within) {
        hidden |= segment.toString().startsWith(".");
        name.append(name.isEmpty() ? "" : "/").append(segment);
      }
      if (!hidden) {
        files.add(new LocalFile(path, name.toString(), Files.size(path)));
      }
    }
    if (files.isEmpty()) {
      throw new HubRequestException(directory + ": expected files to push, found none");
    }
    return new PushDirectory(http, repo, files);
  }

  /** Bytes of the files. */
  public long bytes() {
    return files.stream().mapToLong(LocalFile::size).sum();
  }

  /**
   * Makes the repository; one that is there already stays as it is.
   *
   * @param isPrivate whether only its owner sees it
   */
  public void create(boolean isPrivate) throws IOException, InterruptedException {
    ObjectNode request =
        NODES.objectNode().put("type", "model").put("name", repo.name()).put("private", isPrivate);
    repo.owner().ifPresent(owner -> request.put("organization", owner));
    http.postUnlessThere(http.endpoint().at("api", "repos", "create"), JSON, request.toString());
  }

  /**
   * Uploads what the repository lacks and commits all files at once.
   *
   * @param revision branch to commit to
   * @param message first line of the commit's message
   * @param progress told how many more bytes the hub has
   * @throws HubRequestException if there is no such repository, or no right to write to it
   * @throws HubException if the hub cannot be reached or sends something else than its protocol
   */
  public PushSummary run(String revision, String message, LongConsumer progress)
      throws IOException, InterruptedException {
    Map<String, Boolean> large = large(revision);
    List<LfsObject> objects = new ArrayList<>();
    for (LocalFile file : files) {
      if (large.getOrDefault(file.name(), false)) {
        objects.add(LfsObject.of(file));
      }
    }
    long uploaded = new LfsUpload(http, repo, revision).upload(objects, progress);
    StringBuilder commit = new StringBuilder();
    line(commit, "header", NODES.objectNode().put("summary", message).put("description", ""));
    for (LfsObject object : objects) {
      line(
          commit,
          "lfsFile",
          NODES
              .objectNode()
              .put("path", object.file().name())
              .put("algo", "sha256")
              .put("oid", object.sha256())
              .put("size", object.file().size()));
    }
    for (LocalFile file : files) {
      if (!large.getOrDefault(file.name(), false)) {
        byte[] content = Files.readAllBytes(file.path());
        line(
            commit,
            "file",
            NODES
                .objectNode()
                .put("content", Base64.getEncoder().encodeToString(content))
                .put("path", file.name())
                .put("encoding", "base64"));
        progress.accept(file.size());
      }
    }
    JsonNode made = http.post(api("commit", revision), "application/x-ndjson", commit.toString());
    return new PushSummary(
        made.path("commitOid").asText(),
        made.path("commitUrl").asText(),
        files.size(),
        bytes(),
        uploaded);
  }

  /** Which files the hub wants as LFS objects. Empty ones it cannot have so. */
  private Map<String, Boolean> large(String revision) throws IOException, InterruptedException {
    Map<String, Boolean> large = new HashMap<>();
    for (int i = 0; i < files.size(); i += FILES_AT_ONCE) {
      ObjectNode request = NODES.objectNode();
      ArrayNode list = request.putArray("files");
      for (LocalFile file : files.subList(i, Math.min(files.size(), i + FILES_AT_ONCE))) {
        try (InputStream begin = Files.newInputStream(file.path())) {
          list.addObject()
              .put("path", file.name())
              .put("sample", Base64.getEncoder().encodeToString(begin.readNBytes(SAMPLE_BYTES)))
              .put("size", file.size());
        }
      }
      JsonNode answer = http.post(api("preupload", revision), JSON, request.toString());
      for (JsonNode file : answer.path("files")) {
        large.put(file.path("path").asText(), file.path("uploadMode").asText().equals("lfs"));
      }
    }
    for (LocalFile file : files) {
      if (!large.containsKey(file.name())) {
        throw new HubException(
            "expected the hub to say how " + file.name() + " is uploaded, found nothing of it");
      }
      large.computeIfPresent(file.name(), (name, lfs) -> lfs && file.size() > 0);
    }
    return large;
  }

  private URI api(String what, String revision) {
    List<String> segments = new ArrayList<>(List.of("api", "models"));
    segments.addAll(List.of(repo.segments()));
    segments.addAll(List.of(what, revision));
    return http.endpoint().at(segments.toArray(String[]::new));
  }

  private static void line(StringBuilder commit, String key, ObjectNode value) {
    ObjectNode line = NODES.objectNode().put("key", key);
    line.set("value", value);
    commit.append(line).append('\n');
  }
}
