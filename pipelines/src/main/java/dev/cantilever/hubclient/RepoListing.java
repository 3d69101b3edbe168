package dev.cantilever.hubclient;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.hubclient.HubHttp.JsonPage;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A revision of a repository and its files.
 *
 * @param commit the commit that the revision is now, in full
 * @param files all of them
 */
record RepoListing(String commit, List<HubFile> files) {

  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;\\s*rel=\"?next\"?");
  private static final int MAX_FILES = 100_000;
  private static final String SHA1 = "[0-9a-f]{40}";
  private static final String SHA256 = "[0-9a-f]{64}";

  /** Asks the hub: first for the commit, then for the files of that commit, page by page. */
  static RepoListing read(HubHttp http, RepoId repo, String revision)
      throws IOException, InterruptedException {
    HubEndpoint hub = http.endpoint();
    String commit = text(http.json(address(hub, repo, "revision", revision)).json(), "sha");
    require(commit.matches("[0-9a-f]{7,64}"), "the id of a commit", commit);
    Map<String, HubFile> files = new LinkedHashMap<>();
    URI tree = address(hub, repo, "tree", commit);
    Optional<URI> page = Optional.of(URI.create(tree + "?recursive=true"));
    while (page.isPresent()) {
      JsonPage answer = http.json(page.get());
      require(answer.json().isArray(), "a list of files", answer.json().getNodeType().toString());
      for (JsonNode entry : answer.json()) {
        if (entry.path("type").asText().equals("file")) {
          HubFile file = file(entry);
          require(files.put(file.path(), file) == null, "each file once", file.path() + " twice");
        }
      }
      require(files.size() <= MAX_FILES, "at most " + MAX_FILES + " files", "more");
      page = next(tree, answer);
    }
    return new RepoListing(commit, new ArrayList<>(files.values()));
  }

  /** The bytes of all files. */
  long bytes() {
    return files.stream().mapToLong(HubFile::size).sum();
  }

  private static URI address(HubEndpoint hub, RepoId repo, String what, String revision) {
    List<String> segments = new ArrayList<>(List.of("api", "models"));
    segments.addAll(List.of(repo.segments()));
    segments.addAll(List.of(what, revision));
    return hub.at(segments.toArray(String[]::new));
  }

  private static Optional<URI> next(URI tree, JsonPage page) {
    Matcher link = NEXT.matcher(String.join(", ", page.headers().allValues("Link")));
    if (!link.find()) {
      return Optional.empty();
    }
    // another name of the hub behind a proxy is no reason to go elsewhere: only the query counts
    String query = tree.resolve(link.group(1)).getRawQuery();
    return Optional.of(URI.create(tree + "?" + query));
  }

  private static HubFile file(JsonNode entry) {
    String path = text(entry, "path");
    JsonNode lfs = entry.path("lfs");
    JsonNode size = lfs.isObject() ? lfs.path("size") : entry.path("size");
    String gitId = text(entry, "oid");
    Optional<String> sha256 =
        lfs.isObject() ? Optional.of(text(lfs, "oid").replace("sha256:", "")) : Optional.empty();
    require(size.isIntegralNumber() && size.longValue() >= 0, path + " to have a size", "none");
    require(gitId.matches(SHA1), path + " to have the id of a git blob", gitId);
    require(sha256.isEmpty() || sha256.get().matches(SHA256), path + " to have a SHA-256", "none");
    return new HubFile(path, size.longValue(), gitId, sha256);
  }

  private static String text(JsonNode object, String key) {
    require(object.path(key).isTextual(), "the key " + key, "none");
    return object.get(key).textValue();
  }

  private static void require(boolean holds, String expected, String found) {
    if (!holds) {
      throw new HubException(
          "the hub's list of files: expected "
              + expected
              + ", found "
              + found.replaceAll("\\p{Cntrl}", "?")
              + "; check HF_ENDPOINT");
    }
  }
}
