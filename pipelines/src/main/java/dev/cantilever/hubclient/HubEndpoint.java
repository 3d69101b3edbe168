package dev.cantilever.hubclient;

import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Where the hub is, and the token of who asks. Not a record, whose text would show the token. */
public final class HubEndpoint {

  private static final String HUB = "https://huggingface.co";

  private final URI base;
  private final Optional<String> token;

  /**
   * @param base address of the hub
   * @param token sent to that address alone; empty: nobody in particular asks
   */
  public HubEndpoint(URI base, Optional<String> token) {
    this.base = base;
    this.token = token;
  }

  /**
   * What the environment says: {@code HF_ENDPOINT}, else the public hub, and {@code HF_TOKEN}.
   *
   * @throws HubRequestException if the address is none, or the token cannot be one
   */
  public static HubEndpoint of(Map<String, String> environment) {
    String text = environment.getOrDefault("HF_ENDPOINT", "").strip();
    String address = (text.isEmpty() ? HUB : text).replaceAll("/+$", "");
    String token = environment.getOrDefault("HF_TOKEN", "").strip();
    if (!address.matches("https?://[^\\s/?#@]+(/[^\\s?#]*)?")) {
      throw new HubRequestException(
          "HF_ENDPOINT: expected an address as "
              + HUB
              + ", found '"
              + text
              + "'; correct or unset it");
    }
    if (!token.matches("[\\x21-\\x7e]*")) {
      throw new HubRequestException(
          "HF_TOKEN: expected a token without spaces, found other characters; correct or unset it");
    }
    return new HubEndpoint(
        URI.create(address), token.isEmpty() ? Optional.empty() : Optional.of(token));
  }

  /** An address under the hub's: segments, each encoded as a whole, without a query. */
  URI at(String... segments) {
    return URI.create(
        base
            + Arrays.stream(segments)
                .map(segment -> "/" + encoded(segment))
                .collect(Collectors.joining()));
  }

  /** The same, a path of several segments at the end. */
  URI atPath(String path, String... segments) {
    return URI.create(
        at(segments)
            + Arrays.stream(path.split("/"))
                .map(segment -> "/" + encoded(segment))
                .collect(Collectors.joining()));
  }

  /** The token, for an address of the hub itself; for any other nothing. */
  Optional<String> tokenFor(URI address) {
    return isOwn(address) ? token : Optional.empty();
  }

  boolean hasToken() {
    return token.isPresent();
  }

  /**
   * Whether what is sent there is seen on the way by others, though the hub's own traffic is not.
   */
  boolean isLessSecret(URI address) {
    return "https".equals(base.getScheme()) && !"https".equals(address.getScheme());
  }

  private boolean isOwn(URI address) {
    return base.getScheme().equalsIgnoreCase(address.getScheme())
        && base.getHost().equalsIgnoreCase(address.getHost())
        && port(base) == port(address);
  }

  private static int port(URI address) {
    return address.getPort() >= 0
        ? address.getPort()
        : "https".equalsIgnoreCase(address.getScheme()) ? 443 : 80;
  }

  private static String encoded(String segment) {
    return URLEncoder.encode(segment, StandardCharsets.UTF_8).replace("+", "%20");
  }

  @Override
  public String toString() {
    return base.toString();
  }
}
