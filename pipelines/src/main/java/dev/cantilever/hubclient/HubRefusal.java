package dev.cantilever.hubclient;

import java.net.http.HttpHeaders;

/** What a status of the hub means to who asked. */
final class HubRefusal {

  private static final int MAX_CHARS = 300;

  private HubRefusal() {}

  static HubRequestException of(
      HubEndpoint endpoint, String address, int status, HttpHeaders headers) {
    String code = headers.firstValue("X-Error-Code").orElse("");
    String said =
        headers
            .firstValue("X-Error-Message")
            .map(text -> text.replaceAll("[^\\x20-\\x7e]", " "))
            .map(text -> " (" + text.substring(0, Math.min(MAX_CHARS, text.length())) + ")")
            .orElse("");
    return new HubRequestException(
        address + ": expected " + expected(status, code, endpoint.hasToken()) + said);
  }

  private static String expected(int status, String code, boolean hasToken) {
    if (code.equals("GatedRepo")) {
      return "access to a gated repository, found status "
          + status
          + "; accept its conditions on its page, and set HF_TOKEN to a token of the same account";
    }
    if (code.equals("RevisionNotFound")) {
      return "a revision of that name, found none; check --revision";
    }
    if (code.equals("EntryNotFound")) {
      return "a file of that name, found none; run it again, the repository may have changed";
    }
    if (status == 401 || status == 403 || code.equals("RepoNotFound")) {
      return "a repository that "
          + (hasToken ? "the token of HF_TOKEN may use" : "anybody may use")
          + ", found status "
          + status
          + "; check its name, and "
          + (hasToken
              ? "what the token is allowed to do"
              : "set HF_TOKEN if it is private or gated");
    }
    if (status == 404) {
      return "a repository or file, found none; check its name and HF_ENDPOINT";
    }
    return "success, found status " + status + "; check what was asked for";
  }
}
