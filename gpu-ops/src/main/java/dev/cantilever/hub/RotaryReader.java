package dev.cantilever.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;

/**
 * The rotary settings of a {@code config.json}. Two dialects: the keys {@code rope_theta} or {@code
 * rotary_emb_base}, {@code partial_rotary_factor} or {@code rotary_pct} and the object {@code
 * rope_scaling}; or, since transformers 5, one object {@code rope_parameters} with all of them.
 * Either object names its type by {@code rope_type} or {@code type}.
 */
final class RotaryReader {

  private static final String NEWER = "rope_parameters";
  private static final String OLDER = "rope_scaling";
  private static final String POSITIONS = "max_position_embeddings";
  private static final String ORIGINAL = "original_max_position_embeddings";

  private static final String LONG_ROPE = "longrope";

  /** What the first files of that type call it. */
  private static final String OLDER_LONG_ROPE = "su";

  private static final Set<String> COMMON =
      Set.of("rope_type", "type", "rope_theta", "partial_rotary_factor");

  private static final Map<String, Set<String>> KEYS =
      Map.of(
          "default",
          Set.of(),
          "linear",
          Set.of("factor"),
          "dynamic",
          Set.of("factor", ORIGINAL),
          "llama3",
          Set.of("factor", "low_freq_factor", "high_freq_factor", ORIGINAL),
          "yarn",
          Set.of(
              "factor",
              "attention_factor",
              "beta_fast",
              "beta_slow",
              "mscale",
              "mscale_all_dim",
              "truncate",
              ORIGINAL),
          LONG_ROPE,
          Set.of("factor", "attention_factor", "short_factor", "long_factor", ORIGINAL));

  private final ModelConfig config;
  private final String section;

  RotaryReader(ModelConfig config) {
    this.config = config;
    if (config.has(NEWER)
        && config.has(OLDER)
        && !config.require(NEWER).equals(config.require(OLDER))) {
      throw refused("expected '%s' or '%s', found both".formatted(NEWER, OLDER));
    }
    this.section = config.has(NEWER) ? NEWER : OLDER;
    if (config.has(section) && !config.require(section).isObject()) {
      throw config.wrong(section, "an object", config.require(section));
    }
  }

  RotarySettings read(double thetaOtherwise, double fractionOtherwise) {
    RotaryScaling scaling = scaling();
    double theta = number("rope_theta", "rotary_emb_base", thetaOtherwise);
    double fraction = number("partial_rotary_factor", "rotary_pct", fractionOtherwise);
    try {
      return new RotarySettings(theta, fraction, scaling);
    } catch (CheckpointException e) {
      throw new CheckpointException(config.file() + ": " + e.getMessage(), e);
    }
  }

  private RotaryScaling scaling() {
    String type = type();
    Set<String> keys = KEYS.get(type);
    if (keys == null) {
      throw refused(
          "expected %s of a type of %s, found '%s'"
              .formatted(section, KEYS.keySet().stream().sorted().toList(), type));
    }
    if (config.has(section)) {
      for (Map.Entry<String, JsonNode> setting : config.require(section).properties()) {
        String key = setting.getKey();
        if (!COMMON.contains(key)
            && !keys.contains(key)
            && ModelConfig.isActive(setting.getValue())) {
          throw refused(
              "expected no '%s' in %s of type '%s', found %s"
                  .formatted(key, section, type, setting.getValue()));
        }
      }
    }
    return switch (type) {
      case "linear" -> new RotaryScaling.Linear(above(key("factor"), 0));
      case "dynamic" -> dynamic();
      case "llama3" -> llama3();
      case "yarn" -> yarn();
      case LONG_ROPE -> longRope();
      default -> new RotaryScaling.None();
    };
  }

  private String type() {
    return config
        .either(key("rope_type"), key("type"))
        .map(config::requireString)
        .map(name -> name.equals(OLDER_LONG_ROPE) ? LONG_ROPE : name)
        .orElse("default");
  }

  /**
   * Transformers 5 counts from the positions of the model; what another number of original ones is
   * meant to say then is not known.
   */
  private RotaryScaling dynamic() {
    double factor = above(key("factor"), 0);
    int positions = positive(POSITIONS);
    if (original().map(config::requireInt).orElse(positions) != positions) {
      throw refused(
          "expected '%s' of type 'dynamic' to be %s, found %s"
              .formatted(original().orElseThrow(), POSITIONS, config.require(original().get())));
    }
    return new RotaryScaling.Dynamic(factor, positions);
  }

  private RotaryScaling llama3() {
    double low = above(key("low_freq_factor"), 0);
    return new RotaryScaling.Llama3(
        above(key("factor"), 0),
        low,
        above(key("high_freq_factor"), low),
        positive(original().orElse(POSITIONS)));
  }

  /** The factor that the file states counts, as in transformers 5, not the one of its positions. */
  private double factor(int original) {
    return config.has(key("factor"))
        ? above(key("factor"), 0)
        : (double) positive(POSITIONS) / original;
  }

  private OptionalDouble attentionFactor() {
    return config.has(key("attention_factor"))
        ? OptionalDouble.of(above(key("attention_factor"), 0))
        : OptionalDouble.empty();
  }

  private RotaryScaling longRope() {
    String originalKey = original().orElse(key(ORIGINAL));
    int original = positive(originalKey);
    if (original == 1) {
      throw config.wrong(originalKey, "more than one position", config.require(originalKey));
    }
    return new RotaryScaling.LongRope(
        divisors(key("short_factor")),
        divisors(key("long_factor")),
        factor(original),
        original,
        attentionFactor());
  }

  private List<Double> divisors(String key) {
    JsonNode numbers = config.require(key);
    List<Double> divisors = new ArrayList<>();
    for (JsonNode number : numbers) {
      if (!number.isNumber() || !(number.doubleValue() > 0)) {
        throw config.wrong(key, "a list of numbers above 0", numbers);
      }
      divisors.add(number.doubleValue());
    }
    return divisors;
  }

  private RotaryScaling yarn() {
    int original = positive(original().orElse(POSITIONS));
    double slow = orZero("beta_slow");
    double fast = orZero("beta_fast");
    return new RotaryScaling.Yarn(
        factor(original),
        original,
        fast == 0 ? 32 : fast,
        slow == 0 ? 1 : slow,
        config.booleanOr(key("truncate"), true),
        attentionFactor(),
        orZero("mscale"),
        orZero("mscale_all_dim"));
  }

  private double orZero(String name) {
    double value = config.doubleOr(key(name), 0);
    if (value < 0) {
      throw config.wrong(key(name), "a number of at least 0", config.require(key(name)));
    }
    return value;
  }

  private Optional<String> original() {
    return config.either(key(ORIGINAL), ORIGINAL);
  }

  private String key(String name) {
    return section + "." + name;
  }

  private double above(String key, double bound) {
    double value = config.requireDouble(key);
    if (!(value > bound)) {
      throw config.wrong(key, "a number above " + bound, config.require(key));
    }
    return value;
  }

  private int positive(String key) {
    int value = config.requireInt(key);
    if (value < 1) {
      throw config.wrong(key, "a number of positions", config.require(key));
    }
    return value;
  }

  /**
   * A number at the top level under one of two keys, or in the section, or the default.
   * Transformers 5 takes the section's and keeps beside it what the class of the config has by
   * default; version 4 reads none in the older section.
   */
  private double number(String name, String olderName, double otherwise) {
    Optional<String> top = config.either(name, olderName);
    double topLevel = top.map(config::requireDouble).orElse(otherwise);
    if (!config.has(key(name))) {
      return topLevel;
    }
    double value = config.requireDouble(key(name));
    if (section.equals(OLDER) && top.isPresent() && value != topLevel) {
      throw refused(
          "expected '%s' and '%s' to agree, found %s and %s"
              .formatted(key(name), top.get(), value, topLevel));
    }
    return value;
  }

  private CheckpointException refused(String expectedAndFound) {
    return new CheckpointException(
        "%s: %s. Correct the file, or use a model of settings that this project computes."
            .formatted(config.file(), expectedAndFound));
  }
}
