package dev.cantilever.host;

import dev.cantilever.hub.CheckpointException;
import dev.cantilever.manifest.Digests;
import dev.cantilever.tokenizer.TextTokenizer;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A model directory and what it held when the run looked: workers that share the files load by the
 * path and are keyed by the digest. Whoever changes a weight, a setting, the tokenizer or a special
 * token under a run has another model.
 *
 * @param directory in HF layout, or PEFT layout for an adapter
 * @param digest SHA-256 over names and contents of the weight files, of {@code config.json} or
 *     {@code adapter_config.json}, and of the files of a model's tokenizer
 */
public record ModelRef(String directory, String digest) implements Serializable {

  private static final String MODEL_CONFIG = "config.json";
  private static final Set<String> CONFIGS = Set.of(MODEL_CONFIG, "adapter_config.json");
  private static final Pattern WEIGHTS =
      Pattern.compile(".*\\.safetensors|(pytorch|adapter)_model.*\\.bin");

  /**
   * Looks at a directory; reads every weight once.
   *
   * @throws CheckpointException if it is not there, or no directory
   * @throws IOException if a file cannot be read
   */
  public static ModelRef of(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException(
          "%s: expected the directory of a model or an adapter, found %s. Check the path."
              .formatted(directory, Files.exists(directory) ? "a file" : "nothing"));
    }
    Path absolute = directory.toAbsolutePath().normalize();
    SortedSet<Path> files = new TreeSet<>();
    try (Stream<Path> all = Files.list(absolute)) {
      all.filter(ModelRef::counts).forEach(files::add);
    }
    if (files.contains(absolute.resolve(MODEL_CONFIG))) {
      files.addAll(TextTokenizer.files(absolute)); // beside an adapter nobody reads them
    }
    StringBuilder listing = new StringBuilder();
    for (Path file : files) {
      listing.append(file.getFileName()).append('\n').append(Digests.sha256(file)).append('\n');
    }
    return new ModelRef(absolute.toString(), Digests.sha256(listing.toString()));
  }

  private static boolean counts(Path file) {
    String name = String.valueOf(file.getFileName());
    return !name.startsWith(".") && (CONFIGS.contains(name) || WEIGHTS.matcher(name).matches());
  }

  /** The directory as a path. */
  public Path path() {
    return Path.of(directory);
  }

  /** The directory's own name, which is what scores are signed with. */
  public String name() {
    return String.valueOf(path().getFileName());
  }
}
