package dev.cantilever.hubclient;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongConsumer;

/**
 * Uploads objects by git LFS's batch protocol, with its transfer {@code basic} (one request an
 * object) and the hub's {@code multipart} (one a piece, then one that names all pieces).
 */
final class LfsUpload {

  private static final String LFS_JSON = "application/vnd.git-lfs+json";
  private static final int OBJECTS_AT_ONCE = 100;
  private static final String CHUNK = "chunk_size";

  /* Set by the client itself, which refuses to be told. */
  private static final Set<String> OWN_HEADERS =
      Set.of("host", "content-length", "connection", "expect", "upgrade", "transfer-encoding");

  private final HubHttp http;
  private final RepoId repo;
  private final String revision;

  LfsUpload(HubHttp http, RepoId repo, String revision) {
    this.http = http;
    this.repo = repo;
    this.revision = revision;
  }

  /**
   * Uploads those that the hub does not have.
   *
   * @param progress told how many more bytes the hub has
   * @return bytes that were sent
   */
  long upload(List<LfsObject> objects, LongConsumer progress)
      throws IOException, InterruptedException {
    long sent = 0;
    for (int i = 0; i < objects.size(); i += OBJECTS_AT_ONCE) {
      List<LfsObject> some = objects.subList(i, Math.min(objects.size(), i + OBJECTS_AT_ONCE));
      Map<String, JsonNode> actions = actions(some);
      for (LfsObject object : some) {
        JsonNode action = actions.get(object.sha256());
        if (action == null) {
          throw protocol("an action for the object " + object.sha256(), "none");
        }
        if (action.path("upload").isObject()) {
          put(object, action.get("upload"));
          sent += object.file().size();
        }
        if (action.path("verify").isObject()) {
          verify(object, action.get("verify"));
        }
        progress.accept(object.file().size());
      }
    }
    return sent;
  }

  private Map<String, JsonNode> actions(List<LfsObject> objects)
      throws IOException, InterruptedException {
    ObjectNode request = JsonNodeFactory.instance.objectNode().put("operation", "upload");
    request.putArray("transfers").add("basic").add("multipart");
    request.put("hash_algo", "sha256").putObject("ref").put("name", revision);
    ArrayNode list = request.putArray("objects");
    objects.forEach(o -> list.addObject().put("oid", o.sha256()).put("size", o.file().size()));
    List<String> segments = new ArrayList<>(List.of(repo.segments()));
    segments.set(segments.size() - 1, repo.name() + ".git");
    segments.addAll(List.of("info", "lfs", "objects", "batch"));
    URI batch = http.endpoint().at(segments.toArray(String[]::new));
    JsonNode answer = http.post(batch, LFS_JSON, request.toString());
    Map<String, JsonNode> actions = new HashMap<>();
    for (JsonNode object : answer.path("objects")) {
      if (object.has("error")) {
        throw new HubException(
            "expected the hub to take an object, found "
                + object.path("error").path("message").asText().replaceAll("[^\\x20-\\x7e]", "?"));
      }
      actions.put(object.path("oid").asText(), object.path("actions"));
    }
    return actions;
  }

  private void put(LfsObject object, JsonNode upload) throws IOException, InterruptedException {
    URI address = address(upload);
    JsonNode header = upload.path("header");
    if (!header.has(CHUNK)) {
      send("PUT", address, headers(header), object, 0, object.file().size()).body().close();
      return;
    }
    long chunk = header.path(CHUNK).asLong();
    TreeMap<Integer, URI> pieces = new TreeMap<>();
    header
        .properties()
        .forEach(
            entry -> {
              if (entry.getKey().matches("[0-9]{1,6}")) {
                pieces.put(Integer.parseInt(entry.getKey()), uri(entry.getValue().asText()));
              }
            });
    long size = object.file().size();
    if (chunk < 1 || pieces.size() != (size + chunk - 1) / chunk) {
      throw protocol(
          "addresses for all pieces of " + size + " bytes", pieces.size() + " of " + chunk);
    }
    ObjectNode completion = JsonNodeFactory.instance.objectNode().put("oid", object.sha256());
    ArrayNode parts = completion.putArray("parts");
    long from = 0;
    for (URI piece : pieces.values()) {
      long length = Math.min(chunk, size - from);
      HttpResponse<InputStream> answer = send("PUT", piece, Map.of(), object, from, length);
      answer.body().close();
      String etag = answer.headers().firstValue("ETag").orElse("");
      if (etag.isEmpty()) {
        throw protocol("an ETag for each piece", "none");
      }
      int number = parts.size() + 1;
      parts.addObject().put("partNumber", number).put("etag", etag);
      from += length;
    }
    post(address, completion, Map.of());
  }

  private void verify(LfsObject object, JsonNode verify) throws IOException, InterruptedException {
    ObjectNode body =
        JsonNodeFactory.instance
            .objectNode()
            .put("oid", object.sha256())
            .put("size", object.file().size());
    post(address(verify), body, headers(verify.path("header")));
  }

  private void post(URI address, ObjectNode body, Map<String, String> headers)
      throws IOException, InterruptedException {
    Map<String, String> all = new HashMap<>(headers);
    all.put("Content-Type", LFS_JSON);
    all.put("Accept", LFS_JSON);
    String text = body.toString();
    http.send("POST", address, all, () -> BodyPublishers.ofString(text)).body().close();
  }

  private HttpResponse<InputStream> send(
      String method,
      URI address,
      Map<String, String> headers,
      LfsObject object,
      long from,
      long length)
      throws IOException, InterruptedException {
    return http.send(method, address, headers, () -> piece(object, from, length));
  }

  private static BodyPublisher piece(LfsObject object, long from, long length) {
    return BodyPublishers.fromPublisher(
        BodyPublishers.ofInputStream(
            () -> {
              try {
                InputStream content = Files.newInputStream(object.file().path());
                content.skipNBytes(from);
                return new PieceStream(content, length);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            }),
        length);
  }

  private static Map<String, String> headers(JsonNode header) {
    Map<String, String> headers = new HashMap<>();
    header
        .properties()
        .forEach(
            entry -> {
              if (!OWN_HEADERS.contains(entry.getKey().toLowerCase(Locale.ROOT))) {
                headers.put(entry.getKey(), entry.getValue().asText());
              }
            });
    return headers;
  }

  private static URI address(JsonNode action) {
    return uri(action.path("href").asText());
  }

  private static URI uri(String text) {
    if (!text.matches("https?://[^\\s/?#]+.*")) {
      throw protocol("an address to upload to", "none");
    }
    return URI.create(text);
  }

  private static HubException protocol(String expected, String found) {
    return new HubException(
        "expected the hub to give " + expected + ", found " + found + "; check HF_ENDPOINT");
  }
}
