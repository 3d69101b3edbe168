package dev.cantilever.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.manifest.FileTree;
import dev.cantilever.recipe.Recipe;
import dev.cantilever.recipe.RecipeSchema;
import dev.cantilever.recipe.UsageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A run's directory, held for writing by this process alone from {@link #open} to {@link #close}.
 *
 * <p>A directory becomes a run when its {@code run.json} appears, which names the digest of the
 * recipe; opening it again with the same recipe continues it, and with another is refused.
 */
public final class RunDirectory implements AutoCloseable {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
  private static final String DIGEST = "recipe_digest";

  /* What a process killed while it made the run may have left. */
  private static final Set<String> BEFORE_RUN_JSON =
      Set.of(".lock", "recipe.yaml", "recipe.yaml.partial", "run.json.partial");
  private static final int SHOWN_DIFFERENCES = 8;

  private final RunLayout layout;
  private final boolean resumed;
  private final RunLock lock;

  private RunDirectory(RunLayout layout, boolean resumed, RunLock lock) {
    this.layout = layout;
    this.resumed = resumed;
    this.lock = lock;
  }

  /**
   * Makes a run, or continues one; what a killed process was writing there is deleted.
   *
   * @param root the directory: absent, empty, or a run of the same recipe
   * @param recipe the effective recipe
   * @param schema its sections, to read the recipe that lies there
   * @throws UsageException if the directory holds something else or another recipe's run, or
   *     another process writes it; then nothing in it has changed
   */
  public static RunDirectory open(Path root, Recipe recipe, RecipeSchema schema)
      throws IOException {
    RunLayout layout = new RunLayout(root);
    if (!Files.exists(layout.runJson())) {
      requireRoom(root);
    }
    Files.createDirectories(root);
    RunLock lock = RunLock.take(layout.lock());
    try {
      boolean resumed = Files.exists(layout.runJson());
      RunDirectory run = new RunDirectory(layout, resumed, lock);
      if (resumed) {
        run.requireSameRecipe(recipe, schema);
        FileTree.deleteParts(root);
      } else {
        WholeFile.write(layout.recipe(), recipe.toYaml());
        run.writeJson(JSON.createObjectNode().put(DIGEST, recipe.digest()));
      }
      return run;
    } catch (IOException | RuntimeException e) {
      lock.close();
      throw e;
    }
  }

  /**
   * The paths of an existing run, for commands that only read.
   *
   * @throws UsageException if the directory is not a run
   */
  public static RunLayout existing(Path root) {
    RunLayout layout = new RunLayout(root);
    if (!Files.isRegularFile(layout.runJson())) {
      throw new UsageException(
          "expected a run at "
              + root
              + ", found "
              + (Files.exists(root) ? "no run.json in it" : "nothing")
              + "; give the --out of an earlier command");
    }
    return layout;
  }

  /** Where everything lies. */
  public RunLayout layout() {
    return layout;
  }

  /** Whether the run was there before. */
  public boolean resumed() {
    return resumed;
  }

  /**
   * The content of {@code run.json}.
   *
   * @throws UsageException if it is not a JSON object
   */
  public ObjectNode readJson() throws IOException {
    try {
      JsonNode node = JSON.readTree(layout.runJson().toFile());
      if (node instanceof ObjectNode object) {
        return object;
      }
    } catch (JsonProcessingException e) {
      throw notReadable(e);
    }
    throw notReadable(null);
  }

  /** Changes {@code run.json}: reads it, applies the edit, replaces it as a whole. */
  public void updateJson(Consumer<ObjectNode> edit) throws IOException {
    ObjectNode content = readJson();
    edit.accept(content);
    writeJson(content);
  }

  /**
   * Takes back a run that this process began and in which nothing was made, so that the directory
   * is free for another recipe. A run that was there before, or that holds a file of a stage,
   * stays.
   */
  public void abandon() throws IOException {
    if (resumed) {
      return;
    }
    List<Path> made;
    try (Stream<Path> entries = Files.list(layout.root())) {
      made =
          entries
              .filter(entry -> !entry.equals(layout.runJson()))
              .filter(entry -> !BEFORE_RUN_JSON.contains(entry.getFileName().toString()))
              .toList();
    }
    for (Path entry : made) {
      if (!isEmptyDirectory(entry)) {
        return;
      }
    }
    for (Path entry : made) {
      Files.delete(entry);
    }
    Files.delete(layout.runJson());
    Files.delete(layout.recipe());
  }

  private static boolean isEmptyDirectory(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return false;
    }
    try (Stream<Path> entries = Files.list(path)) {
      return entries.findAny().isEmpty();
    }
  }

  /** Lets go of the directory; its files stay. */
  @Override
  public void close() throws IOException {
    lock.close();
  }

  private void writeJson(ObjectNode content) throws IOException {
    WholeFile.write(layout.runJson(), JSON.writeValueAsString(content) + "\n");
  }

  private static void requireRoom(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    if (!Files.isDirectory(root)) {
      throw new UsageException(
          "expected a directory for the run at " + root + ", found a file; give another --out");
    }
    try (Stream<Path> entries = Files.list(root)) {
      List<String> strangers =
          entries
              .map(entry -> entry.getFileName().toString())
              .filter(name -> !BEFORE_RUN_JSON.contains(name))
              .sorted()
              .limit(SHOWN_DIFFERENCES)
              .toList();
      if (!strangers.isEmpty()) {
        throw new UsageException(
            "expected a run or an empty directory at "
                + root
                + ", found "
                + String.join(", ", strangers)
                + " and no run.json; give another --out, or empty it");
      }
    }
  }

  private void requireSameRecipe(Recipe recipe, RecipeSchema schema) throws IOException {
    String recorded = readJson().path(DIGEST).asText();
    if (recorded.equals(recipe.digest())) {
      return;
    }
    List<String> differences = List.of();
    if (Files.exists(layout.recipe())) {
      differences = recipe.differences(schema.load(layout.recipe(), List.of()));
    }
    String shown =
        differences.isEmpty()
            ? "recipe digest " + recipe.digest() + ", there " + recorded
            : differences.stream().limit(SHOWN_DIFFERENCES).collect(Collectors.joining("; "))
                + (differences.size() > SHOWN_DIFFERENCES
                    ? "; and " + (differences.size() - SHOWN_DIFFERENCES) + " more"
                    : "");
    throw new UsageException(
        "expected the run at "
            + layout.root()
            + " to have this recipe, found another. Key, here, there: "
            + shown
            + ". Give another --out, or continue it with --recipe "
            + layout.recipe());
  }

  private UsageException notReadable(@Nullable Throwable cause) {
    UsageException error =
        new UsageException(
            "expected a JSON object in "
                + layout.runJson()
                + ", found something else; give another --out, or restore the file");
    if (cause != null) {
      error.initCause(cause);
    }
    return error;
  }
}
