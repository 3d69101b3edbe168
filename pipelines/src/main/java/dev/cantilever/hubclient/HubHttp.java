package dev.cantilever.hubclient;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/** Requests to the hub and to where it sends us on. Safe for sharing between threads. */
final class HubHttp {

  private static final Duration CONNECT = Duration.ofSeconds(15);
  private static final Duration FIRST_BYTE = Duration.ofSeconds(60);
  private static final int MAX_REDIRECTS = 5;
  private static final int MAX_JSON_BYTES = 64 << 20;
  private static final int CONFLICT = 409;
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final Set<Integer> BUSY = Set.of(408, 429, 500, 502, 503, 504);

  private final HubEndpoint endpoint;
  private final Backoff backoff;
  private final HttpClient client =
      HttpClient.newBuilder()
          .followRedirects(HttpClient.Redirect.NEVER) // it would send the token along
          .connectTimeout(CONNECT)
          .version(HttpClient.Version.HTTP_1_1)
          .build();

  HubHttp(HubEndpoint endpoint, Backoff backoff) {
    this.endpoint = endpoint;
    this.backoff = backoff;
  }

  /**
   * An answer, and what the hub itself said before it sent us on.
   *
   * @param hub headers of the first answer
   * @param last the answer; whoever asked closes its body
   */
  record Answer(HttpHeaders hub, HttpResponse<InputStream> last) {}

  /** What may be tried again. */
  interface Attempt<T> {
    T run() throws IOException, InterruptedException;
  }

  HubEndpoint endpoint() {
    return endpoint;
  }

  Backoff backoff() {
    return backoff;
  }

  /**
   * Asks once, following redirects; the token stays with the hub.
   *
   * @throws BusyException if the server is busy or broken
   * @throws HubRequestException if it refuses
   */
  Answer get(URI address, Map<String, String> headers) throws IOException, InterruptedException {
    URI next = address;
    Optional<HttpHeaders> hub = Optional.empty();
    for (int hops = 0; hops <= MAX_REDIRECTS; hops++) {
      HttpRequest.Builder request = request(next).GET();
      headers.forEach(request::setHeader);
      HttpResponse<InputStream> answer = client.send(request.build(), BodyHandlers.ofInputStream());
      hub = hub.or(() -> Optional.of(answer.headers()));
      if (!REDIRECTS.contains(answer.statusCode())) {
        requireSuccess(next, answer);
        return new Answer(hub.get(), answer);
      }
      answer.body().close();
      next = redirected(next, answer.headers());
    }
    throw new HubException(
        address + ": expected an answer, found more than " + MAX_REDIRECTS + " redirects");
  }

  /** JSON of an address of the hub, tried again while the hub is busy. */
  JsonPage json(URI address) throws IOException, InterruptedException {
    return retrying(
        () -> {
          Answer answer = get(address, Map.of("Accept", "application/json"));
          return new JsonPage(parsed(address, answer.last()), answer.last().headers());
        });
  }

  /**
   * JSON and the headers it came with.
   *
   * @param json the body
   * @param headers of the answer
   */
  record JsonPage(JsonNode json, HttpHeaders headers) {}

  /** Posts text and reads JSON, tried again while the hub is busy. */
  JsonNode post(URI address, String contentType, String body)
      throws IOException, InterruptedException {
    HttpResponse<InputStream> answer =
        send(
            "POST",
            address,
            Map.of("Content-Type", contentType),
            () -> BodyPublishers.ofString(body));
    return parsed(address, answer);
  }

  /** Posts text to make something; that it is there already (status 409) is as good. */
  void postUnlessThere(URI address, String contentType, String body)
      throws IOException, InterruptedException {
    retrying(
        () -> {
          HttpRequest request =
              request(address)
                  .setHeader("Content-Type", contentType)
                  .POST(BodyPublishers.ofString(body))
                  .build();
          HttpResponse<InputStream> answer = client.send(request, BodyHandlers.ofInputStream());
          if (answer.statusCode() != CONFLICT) {
            requireSuccess(address, answer);
          }
          answer.body().close();
          return true;
        });
  }

  /**
   * Sends a body, tried again while the server is busy. Redirects are not followed.
   *
   * @param body makes it anew for each attempt
   */
  HttpResponse<InputStream> send(
      String method, URI address, Map<String, String> headers, Supplier<BodyPublisher> body)
      throws IOException, InterruptedException {
    return retrying(
        () -> {
          HttpRequest.Builder request = request(address).method(method, body.get());
          headers.forEach(request::setHeader);
          HttpResponse<InputStream> answer =
              client.send(request.build(), BodyHandlers.ofInputStream());
          requireSuccess(address, answer);
          return answer;
        });
  }

  /** Runs what fails now and then, until it has failed too often in a row. */
  <T> T retrying(Attempt<T> attempt) throws IOException, InterruptedException {
    for (int failures = 1; ; failures++) {
      try {
        return attempt.run();
      } catch (IOException e) {
        if (failures >= backoff.attempts()) {
          throw unreachable(e);
        }
        backoff.sleep(failures, retryAfter(e));
      }
    }
  }

  static Optional<Duration> retryAfter(IOException e) {
    return e instanceof BusyException busy ? busy.retryAfter() : Optional.empty();
  }

  /** What is said when attempts have failed too often. */
  HubException unreachable(IOException e) {
    String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
    return new HubException(
        "expected an answer of "
            + endpoint
            + ", found after "
            + backoff.attempts()
            + " attempts: "
            + reason
            + "; check the network and HF_ENDPOINT, and run it again to go on",
        e);
  }

  private HttpRequest.Builder request(URI address) {
    if (endpoint.isLessSecret(address)) {
      throw new HubException(
          address + ": expected an address with https, found one without; nothing was sent there");
    }
    HttpRequest.Builder request =
        HttpRequest.newBuilder(address)
            .timeout(FIRST_BYTE)
            .setHeader("User-Agent", "cantilever")
            .setHeader("Accept-Encoding", "identity");
    endpoint
        .tokenFor(address)
        .ifPresent(token -> request.setHeader("Authorization", "Bearer " + token));
    return request;
  }

  private static URI redirected(URI from, HttpHeaders headers) {
    String location = headers.firstValue("Location").orElse("");
    try {
      URI to = from.resolve(location);
      if (to.getHost() != null && String.valueOf(to.getScheme()).matches("https?")) {
        return to;
      }
    } catch (IllegalArgumentException e) {
      // said below, as any other address that is none
    }
    throw new HubException(from + ": expected a redirect to an address, found '" + location + "'");
  }

  private void requireSuccess(URI address, HttpResponse<InputStream> answer) throws IOException {
    int status = answer.statusCode();
    if (status >= 200 && status < 300) {
      return;
    }
    answer.body().close();
    if (BUSY.contains(status)) {
      throw new BusyException(
          "status " + status + " of " + withoutQuery(address),
          answer
              .headers()
              .firstValue("Retry-After")
              .filter(text -> text.matches("[0-9]{1,6}"))
              .map(text -> Duration.ofSeconds(Long.parseLong(text))));
    }
    throw HubRefusal.of(endpoint, withoutQuery(address), status, answer.headers());
  }

  /* A signed address of a store is a key to it. */
  private static String withoutQuery(URI address) {
    String text = address.toString();
    int query = text.indexOf('?');
    return query < 0 ? text : text.substring(0, query);
  }

  private static JsonNode parsed(URI address, HttpResponse<InputStream> answer) throws IOException {
    try (InputStream body = answer.body()) {
      byte[] bytes = body.readNBytes(MAX_JSON_BYTES);
      return new JsonMapper().readTree(bytes);
    } catch (JsonProcessingException e) {
      throw new HubException(
          withoutQuery(address)
              + ": expected JSON as the hub sends it, found something else; check HF_ENDPOINT",
          e);
    }
  }
}
