package dev.cantilever.parity;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cantilever.ppo.AdvantageSpec;
import dev.cantilever.ppo.KlPenalty;
import dev.cantilever.ppo.KlSpec;
import dev.cantilever.ppo.LossSpec;
import dev.cantilever.ppo.PpoException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads {@code golden.json}: a list of cases, every key of which must be there. */
final class PpoCaseReader {
  private final Path file;

  private PpoCaseReader(Path file) {
    this.file = file;
  }

  static List<PpoCase> read(Path file) throws IOException {
    return new PpoCaseReader(file).cases(new ObjectMapper().readTree(file.toFile()));
  }

  private List<PpoCase> cases(JsonNode root) {
    if (!root.isArray() || root.isEmpty()) {
      throw new PpoException(
          file
              + ": expected a list of cases, found "
              + root.getNodeType()
              + " of "
              + root.size()
              + "; pass the folder of the ppo fixture");
    }
    List<PpoCase> cases = new ArrayList<>();
    for (JsonNode node : root) {
      JsonNode config = require(node, "config");
      KlSpec kl =
          KlSpec.defaults()
              .withAdaptive(
                  number(node, "init_kl_coef"),
                  number(node, "kl_target"),
                  number(node, "kl_horizon"))
              .withPenalty(KlPenalty.named(require(config, "kl_penalty").asText()));
      Map<String, Double> statistics = new LinkedHashMap<>();
      JsonNode stats = require(node, "stats");
      stats.fieldNames().forEachRemaining(name -> statistics.put(name, number(stats, name)));
      cases.add(
          new PpoCase(
              (int) number(node, "case"),
              kl,
              new AdvantageSpec(
                  number(config, "gamma"),
                  number(config, "lam"),
                  require(config, "whiten_rewards").asBoolean()),
              new LossSpec(
                  number(config, "cliprange"),
                  number(config, "cliprange_value"),
                  number(config, "vf_coef"),
                  number(config, "ratio_threshold")),
              number(node, "mean_kl"),
              number(node, "kl_coef_after"),
              statistics));
    }
    return cases;
  }

  private double number(JsonNode node, String key) {
    JsonNode value = require(node, key);
    if (!value.isNumber()) {
      throw new PpoException(
          file + ": expected a number under '" + key + "', found " + value + "; restore the file");
    }
    return value.asDouble();
  }

  private JsonNode require(JsonNode node, String key) {
    JsonNode value = node.get(key);
    if (value == null) {
      List<String> found = new ArrayList<>();
      node.fieldNames().forEachRemaining(found::add);
      throw new PpoException(
          file + ": expected a key '" + key + "', found " + found + "; restore the file");
    }
    return value;
  }
}
