package dev.cantilever.hubclient;

import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The name of a model repository.
 *
 * @param owner user or organisation; empty for the few that have none, as {@code gpt2}
 * @param name within the owner's
 */
public record RepoId(Optional<String> owner, String name) {

  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,95}");

  /**
   * The repository of a text.
   *
   * @throws HubRequestException if it is no name of one
   */
  public static RepoId parse(String text) {
    String[] parts = text.split("/", -1);
    for (String part : parts) {
      if (parts.length > 2 || !PART.matcher(part).matches() || part.contains("..")) {
        throw new HubRequestException(
            "expected a repository as owner/name, found '"
                + text
                + "'; give the name as the hub's page of the model has it");
      }
    }
    return parts.length == 1
        ? new RepoId(Optional.empty(), parts[0])
        : new RepoId(Optional.of(parts[0]), parts[1]);
  }

  /** The parts of its address. */
  String[] segments() {
    return owner.map(o -> new String[] {o, name}).orElseGet(() -> new String[] {name});
  }

  @Override
  public String toString() {
    return owner.map(o -> o + "/").orElse("") + name;
  }
}
