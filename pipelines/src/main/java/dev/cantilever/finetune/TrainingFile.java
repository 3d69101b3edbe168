package dev.cantilever.finetune;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.manifest.AtomicFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * {@code training.json} in the directory of a fine-tuned adapter. It holds no time of day and no
 * duration: the same training writes the same bytes.
 *
 * @param inputs digest of the rows and settings that made the adapter
 * @param summary what the training did
 */
record TrainingFile(String inputs, FineTuneSummary summary) {

  private static final String NAME = "training.json";
  private static final String INPUTS = "inputs";
  private static final String LOSS_BEFORE = "loss_before";
  private static final String LOSS_AFTER = "loss_after";
  private static final String STEPS = "steps";
  private static final String TOKENS = "tokens";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Writes the file, forced to the disk. */
  void write(Path adapter) throws IOException {
    JsonNode json =
        JSON.createObjectNode()
            .put(LOSS_BEFORE, summary.lossBefore())
            .put(LOSS_AFTER, summary.lossAfter())
            .put(STEPS, summary.steps())
            .put(TOKENS, summary.tokens())
            .put(INPUTS, inputs);
    String text = JSON.writerWithDefaultPrettyPrinter().writeValueAsString(json) + "\n";
    AtomicFile.write(adapter.resolve(NAME), text.getBytes(StandardCharsets.UTF_8));
  }

  /**
   * Reads the file.
   *
   * @throws CheckpointException if the directory has none, or it is damaged
   */
  static TrainingFile read(Path adapter) throws IOException {
    Path file = adapter.resolve(NAME);
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "%s: expected an adapter that fine-tuning made, found no %s in it. Delete the directory or choose another."
              .formatted(adapter, NAME));
    }
    JsonNode json;
    try {
      json = JSON.readTree(file.toFile());
    } catch (JsonProcessingException e) {
      throw new CheckpointException(damage(file, e.getOriginalMessage()), e);
    }
    for (String key : List.of(LOSS_BEFORE, LOSS_AFTER, STEPS, TOKENS)) {
      if (!json.path(key).isNumber()) {
        throw new CheckpointException(damage(file, "'%s' %s".formatted(key, json.path(key))));
      }
    }
    return new TrainingFile(
        json.path(INPUTS).asText(),
        new FineTuneSummary(
            json.path(LOSS_BEFORE).doubleValue(),
            json.path(LOSS_AFTER).doubleValue(),
            json.path(STEPS).intValue(),
            json.path(TOKENS).longValue()));
  }

  private static String damage(Path file, String found) {
    return "%s: expected the summary of a training, found %s. Delete the adapter's directory and run the stage again."
        .formatted(file, found);
  }
}
