package dev.cantilever.update;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.manifest.AtomicFile;
import dev.cantilever.ppo.AdaptiveKlController;
import dev.cantilever.ppo.FixedKlController;
import dev.cantilever.ppo.KlController;
import dev.cantilever.ppo.RunningMoments;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What one step hands to the next besides tensors, as {@code state.json} of a state directory,
 * which also holds {@code adapter/}, {@code value_head.safetensors} and {@code
 * optimizer.safetensors}. There is no random state: every draw is keyed by seed, step and row. The
 * cursor is the step.
 *
 * @param step the step that was done
 * @param controller of the KL coefficient, for the step to come
 * @param moments of all scores seen
 * @param baseDigest digest of the base that the adapter belongs to
 * @param referenceDigest digest over the reference's adapters
 */
public record PolicyState(
    int step,
    KlController controller,
    RunningMoments moments,
    String baseDigest,
    String referenceDigest) {

  static final String FILE = "state.json";
  private static final String ADAPTER = "adapter";
  private static final String OPTIMIZER = "optimizer.safetensors";
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  /** The adapter of a state directory. */
  public static Path adapter(Path state) {
    return state.resolve(ADAPTER);
  }

  static Path optimizer(Path state) {
    return state.resolve(OPTIMIZER);
  }

  /**
   * Reads a state.
   *
   * @throws CheckpointException if the file is missing or is no state
   */
  public static PolicyState read(Path state) throws IOException {
    Path file = state.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "%s: expected the state of a PPO step, found no %s in it. Restore it, or delete the directory to go on from the step before."
              .formatted(state, FILE));
    }
    try {
      JsonNode json = JSON.readTree(file.toFile());
      JsonNode kl = json.required("kl_controller");
      double coefficient = kl.required("coefficient").doubleValue();
      KlController controller =
          kl.has("target")
              ? new AdaptiveKlController(
                  coefficient,
                  kl.required("target").doubleValue(),
                  kl.required("horizon").doubleValue())
              : new FixedKlController(coefficient);
      JsonNode scores = json.required("score_moments");
      return new PolicyState(
          json.required("step").intValue(),
          controller,
          new RunningMoments(
              scores.required("count").doubleValue(),
              scores.required("mean").doubleValue(),
              scores.required("variance").doubleValue(),
              scores.required("std").doubleValue()),
          json.required("base_digest").textValue(),
          json.required("reference_digest").textValue());
    } catch (IllegalArgumentException e) {
      throw new CheckpointException(
          "%s: expected the state of a PPO step, found it damaged: %s. Restore it, or delete the directory to go on from the step before."
              .formatted(file, e.getMessage()),
          e);
    }
  }

  void write(Path state) throws IOException {
    ObjectNode json = JSON.createObjectNode();
    json.put("step", step);
    ObjectNode kl = json.putObject("kl_controller").put("coefficient", controller.coefficient());
    if (controller instanceof AdaptiveKlController adaptive) {
      kl.put("target", adaptive.target()).put("horizon", adaptive.horizon());
    }
    json.putObject("score_moments")
        .put("count", moments.count())
        .put("mean", moments.mean())
        .put("variance", moments.variance())
        .put("std", moments.std());
    json.put("base_digest", baseDigest).put("reference_digest", referenceDigest);
    AtomicFile.write(
        state.resolve(FILE),
        (JSON.writeValueAsString(json) + "\n").getBytes(StandardCharsets.UTF_8));
  }
}
