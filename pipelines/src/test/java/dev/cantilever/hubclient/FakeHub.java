package dev.cantilever.hubclient;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A hub on loopback that speaks the documented protocol, with a store for large files on another
 * port, and faults on demand.
 */
final class FakeHub implements AutoCloseable {

  static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
  static final String REPO = "someone/tiny";
  static final String TOKEN = "hf_secret";
  static final int CHUNK = 1000;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int PAGE = 2;

  /** Large enough to be LFS objects on this hub. */
  static final int LARGE = 500;

  final Map<String, byte[]> files = new TreeMap<>();
  final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  final List<JsonNode> committed = new CopyOnWriteArrayList<>();
  final List<String> requests = new CopyOnWriteArrayList<>();
  final List<String> tokensAtStore = new CopyOnWriteArrayList<>();

  /* Faults. */
  final AtomicInteger busy = new AtomicInteger();
  final AtomicInteger cuts = new AtomicInteger();
  volatile boolean ignoresRange;
  volatile boolean wrongContent;
  volatile boolean wrongSize;
  volatile boolean needsToken;
  volatile boolean gated;
  volatile Optional<URI> redirect = Optional.empty();

  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final HttpServer hub;
  private final HttpServer store;

  FakeHub() throws IOException {
    hub = server(this::hub);
    store = server(this::store);
  }

  HubEndpoint endpoint(Optional<String> token) {
    return new HubEndpoint(address(hub), token);
  }

  HubHttp http(Optional<String> token) {
    return new HubHttp(endpoint(token), new Backoff(Duration.ofMillis(1), 3));
  }

  @Override
  public void close() {
    hub.stop(0);
    store.stop(0);
    threads.shutdownNow();
  }

  private HttpServer server(Answering answering) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            requests.add(
                exchange.getRequestMethod()
                    + " "
                    + exchange.getRequestURI()
                    + Optional.ofNullable(exchange.getRequestHeaders().getFirst("Range"))
                        .map(range -> " " + range)
                        .orElse(""));
            answering.answer(exchange, exchange.getRequestURI().getRawPath());
          }
        });
    server.start();
    return server;
  }

  private interface Answering {
    void answer(HttpExchange exchange, String path) throws IOException;
  }

  private void hub(HttpExchange exchange, String path) throws IOException {
    String token = exchange.getRequestHeaders().getFirst("Authorization");
    String api = "/api/models/" + REPO;
    if (busy.getAndUpdate(FakeHub::oneLess) > 0) {
      exchange.getResponseHeaders().add("Retry-After", "0");
      send(exchange, 503, new byte[0]);
    } else if (gated) {
      exchange.getResponseHeaders().add("X-Error-Code", "GatedRepo");
      exchange.getResponseHeaders().add("X-Error-Message", "Access is restricted");
      send(exchange, 403, new byte[0]);
    } else if (needsToken && !("Bearer " + TOKEN).equals(token)) {
      send(exchange, 401, new byte[0]);
    } else if (path.equals(api + "/revision/main")
        || path.equals(api + "/revision/refs%2Fpr%2F1")) {
      send(exchange, 200, JSON.createObjectNode().put("sha", COMMIT));
    } else if (path.startsWith(api + "/revision/")) {
      exchange.getResponseHeaders().add("X-Error-Code", "RevisionNotFound");
      send(exchange, 404, new byte[0]);
    } else if (path.equals(api + "/tree/" + COMMIT)) {
      tree(exchange);
    } else if (path.startsWith("/" + REPO + "/resolve/" + COMMIT + "/")) {
      resolve(exchange, path.substring(("/" + REPO + "/resolve/" + COMMIT + "/").length()));
    } else if (path.equals("/api/repos/create")) {
      committed.add(body(exchange));
      send(exchange, 409, new byte[0]);
    } else if (path.equals(api + "/preupload/main")) {
      ObjectNode answer = JSON.createObjectNode();
      ArrayNode modes = answer.putArray("files");
      for (JsonNode file : body(exchange).get("files")) {
        boolean large = file.get("size").asLong() >= LARGE;
        modes
            .addObject()
            .put("path", file.get("path").asText())
            .put("uploadMode", large ? "lfs" : "regular")
            .put("shouldIgnore", false);
      }
      send(exchange, 200, answer);
    } else if (path.equals("/" + REPO + ".git/info/lfs/objects/batch")) {
      batch(exchange);
    } else if (path.equals("/complete")) {
      complete(body(exchange));
      send(exchange, 200, JSON.createObjectNode());
    } else if (path.equals("/verify")) {
      JsonNode object = body(exchange);
      boolean there = objects.containsKey(object.get("oid").asText());
      send(exchange, there ? 200 : 404, JSON.createObjectNode());
    } else if (path.equals(api + "/commit/main")) {
      String text = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
      for (String line : text.split("\n")) {
        committed.add(JSON.readTree(line));
      }
      send(
          exchange,
          200,
          JSON.createObjectNode().put("commitOid", COMMIT).put("commitUrl", "https://hub/commit"));
    } else {
      exchange.getResponseHeaders().add("X-Error-Code", "RepoNotFound");
      send(exchange, 404, new byte[0]);
    }
  }

  /** Pages of files, each with a link to the next. */
  private void tree(HttpExchange exchange) throws IOException {
    String query = exchange.getRequestURI().getQuery();
    int from = query.contains("cursor=") ? Integer.parseInt(query.replaceAll(".*cursor=", "")) : 0;
    List<String> names = new ArrayList<>(files.keySet());
    ArrayNode list = JSON.createArrayNode();
    list.addObject().put("type", "directory").put("path", "folder").put("oid", "0");
    for (String name : names.subList(from, Math.min(names.size(), from + PAGE))) {
      byte[] content = requireNonNull(files.get(name));
      ObjectNode file = list.addObject().put("type", "file").put("path", name);
      file.put("size", content.length);
      if (content.length >= LARGE) {
        file.put("oid", "f".repeat(40));
        file.putObject("lfs").put("oid", sha256(content)).put("size", content.length);
      } else {
        file.put("oid", gitBlob(content));
      }
    }
    if (from + PAGE < names.size()) {
      String next = exchange.getRequestURI().getPath() + "?recursive=true&cursor=" + (from + PAGE);
      exchange.getResponseHeaders().add("Link", "<http://elsewhere" + next + ">; rel=\"next\"");
    }
    send(exchange, 200, list);
  }

  private void resolve(HttpExchange exchange, String encoded) throws IOException {
    byte[] content = requireNonNull(files.get(URLDecoder.decode(encoded, StandardCharsets.UTF_8)));
    if (content.length < LARGE) {
      content(exchange, content);
      return;
    }
    String sha = sha256(content);
    exchange.getResponseHeaders().add("X-Linked-Etag", "\"" + sha + "\"");
    exchange.getResponseHeaders().add("X-Linked-Size", "" + (content.length + (wrongSize ? 1 : 0)));
    String location = redirect.map(URI::toString).orElse(address(store) + "/" + sha + "?key=1");
    exchange.getResponseHeaders().add("Location", location);
    send(exchange, 302, new byte[0]);
  }

  private void store(HttpExchange exchange, String path) throws IOException {
    Optional.ofNullable(exchange.getRequestHeaders().getFirst("Authorization"))
        .ifPresent(tokensAtStore::add);
    if (exchange.getRequestMethod().equals("PUT")) {
      byte[] piece = exchange.getRequestBody().readAllBytes();
      objects.put(path.substring(1), piece);
      exchange.getResponseHeaders().add("ETag", "\"" + sha256(piece) + "\"");
      send(exchange, 200, new byte[0]);
      return;
    }
    for (byte[] content : files.values()) {
      if (path.equals("/" + sha256(content))) {
        content(exchange, content);
        return;
      }
    }
    send(exchange, 404, new byte[0]);
  }

  /** Content, or what is left of it from where a range begins; cut off in the middle on demand. */
  private void content(HttpExchange exchange, byte[] content) throws IOException {
    String range = exchange.getRequestHeaders().getFirst("Range");
    int from =
        range == null || ignoresRange
            ? 0
            : Integer.parseInt(range.replaceAll("bytes=(\\d+)-", "$1"));
    byte[] rest = Arrays.copyOfRange(content, from, content.length);
    if (wrongContent) {
      rest[rest.length - 1] ^= 1;
    }
    if (from > 0) {
      exchange
          .getResponseHeaders()
          .add(
              "Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }
    if (rest.length > 1 && cuts.getAndUpdate(FakeHub::oneLess) > 0) {
      exchange.sendResponseHeaders(from > 0 ? 206 : 200, rest.length);
      exchange.getResponseBody().write(rest, 0, rest.length / 2);
      exchange.getResponseBody().flush();
      throw new IOException("cut off on demand");
    }
    send(exchange, from > 0 ? 206 : 200, rest);
  }

  /** Small objects in one request, others in pieces. */
  private void batch(HttpExchange exchange) throws IOException {
    ObjectNode answer = JSON.createObjectNode();
    ArrayNode list = answer.putArray("objects");
    for (JsonNode asked : body(exchange).get("objects")) {
      String oid = asked.get("oid").asText();
      long size = asked.get("size").asLong();
      ObjectNode actions = list.addObject().put("oid", oid).put("size", size).putObject("actions");
      if (objects.containsKey(oid)) {
        continue;
      }
      ObjectNode upload = actions.putObject("upload");
      actions.putObject("verify").put("href", address(hub) + "/verify");
      if (size <= CHUNK) {
        upload.put("href", address(store) + "/" + oid);
        continue;
      }
      upload.put("href", address(hub) + "/complete");
      ObjectNode header = upload.putObject("header").put("chunk_size", "" + CHUNK);
      for (int piece = 1; (long) (piece - 1) * CHUNK < size; piece++) {
        header.put("" + piece, address(store) + "/" + oid + "." + piece);
      }
    }
    send(exchange, 200, answer);
  }

  private void complete(JsonNode request) throws IOException {
    String oid = request.get("oid").asText();
    List<byte[]> pieces = new ArrayList<>();
    for (JsonNode part : request.get("parts")) {
      byte[] piece = requireNonNull(objects.get(oid + "." + part.get("partNumber").asInt()));
      if (!part.get("etag").asText().equals("\"" + sha256(piece) + "\"")) {
        throw new IOException("wrong etag");
      }
      pieces.add(piece);
    }
    byte[] whole = new byte[pieces.stream().mapToInt(piece -> piece.length).sum()];
    int at = 0;
    for (byte[] piece : pieces) {
      System.arraycopy(piece, 0, whole, at, piece.length);
      at += piece.length;
    }
    objects.put(oid, whole);
  }

  private static int oneLess(int left) {
    return Math.max(0, left - 1);
  }

  static byte[] fromBase64(JsonNode text) {
    return Base64.getDecoder().decode(text.asText());
  }

  static String sha256(byte[] content) {
    return hex("SHA-256", new byte[0], content);
  }

  private static String gitBlob(byte[] content) {
    return hex(
        "SHA-1", ("blob " + content.length + "\0").getBytes(StandardCharsets.UTF_8), content);
  }

  private static String hex(String algorithm, byte[] header, byte[] content) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(header);
      return HexFormat.of().formatHex(digest.digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode body(HttpExchange exchange) throws IOException {
    return JSON.readTree(exchange.getRequestBody().readAllBytes());
  }

  private static void send(HttpExchange exchange, int status, JsonNode body) throws IOException {
    send(exchange, status, JSON.writeValueAsBytes(body));
  }

  private static void send(HttpExchange exchange, int status, byte[] body) throws IOException {
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  private static URI address(HttpServer server) {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }
}
