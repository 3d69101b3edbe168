package dev.cantilever.manifest;

import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a stage left: its files, and the facts that explain them.
 *
 * @param kind what the files are, such as {@code rollouts}
 * @param run name of the run
 * @param step the PPO step; 0 where there are no steps
 * @param createdMillis when, by the run's logical clock, in milliseconds since 1970 UTC
 * @param files the files, sorted by name
 * @param facts further facts by name, such as seeds and digests; sorted by name
 */
public record CommitManifest(
    String kind,
    String run,
    int step,
    long createdMillis,
    List<FileEntry> files,
    Map<String, String> facts) {

  /** Checks the names, sorts files and facts and copies them. */
  public CommitManifest {
    if (kind.isBlank() || run.isBlank() || step < 0) {
      throw new ManifestException(
          "Expected a manifest with a kind, a run and a step of at least 0, found '"
              + kind
              + "', '"
              + run
              + "' and "
              + step
              + ". Name the stage and the run.");
    }
    files = files.stream().sorted(Comparator.comparing(FileEntry::name)).toList();
    for (int i = 1; i < files.size(); i++) {
      if (files.get(i).name().equals(files.get(i - 1).name())) {
        throw new ManifestException(
            "Expected every file once, found '"
                + files.get(i).name()
                + "' twice. Two shards share a name; the sink must name them apart.");
      }
    }
    facts = Collections.unmodifiableSortedMap(new TreeMap<>(facts));
  }

  /** Rows of all files together. */
  public long rows() {
    return files.stream().mapToLong(FileEntry::rows).sum();
  }

  /** Bytes of all files together. */
  public long bytes() {
    return files.stream().mapToLong(FileEntry::bytes).sum();
  }

  /**
   * A fact by name.
   *
   * @throws ManifestException if there is none of that name
   */
  public String fact(String name) {
    String value = facts.get(name);
    if (value == null) {
      throw new ManifestException(
          "Manifest of '"
              + kind
              + "': expected a fact '"
              + name
              + "', found only "
              + facts.keySet()
              + ". The run was made by another version; start a new one.");
    }
    return value;
  }
}
