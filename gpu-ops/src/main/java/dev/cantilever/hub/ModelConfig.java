package dev.cantilever.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.tensor.DType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A Hugging Face {@code config.json}, and the only reader of one: typed access by HF's own keys,
 * and what differs between the two dialects of the file ({@code rotary_pct}, {@code
 * rotary_emb_base}, {@code rope_theta}, {@code torch_dtype} in older ones; {@code rope_parameters},
 * {@code dtype} since transformers 5). A key that is null counts as absent; a dot leads into an
 * object, as in {@code rope_scaling.factor}. What a setting means for an architecture is decided by
 * the family that asks, not here.
 */
public final class ModelConfig {

  static final String FILE = "config.json";

  private static final Map<String, DType> DTYPES =
      Map.of(
          "float64", DType.F64,
          "float32", DType.F32,
          "float16", DType.F16,
          "bfloat16", DType.BF16);

  private final Path file;
  private final ObjectNode json;
  private final Set<String> asked = ConcurrentHashMap.newKeySet(); // of the keys at the top

  private ModelConfig(Path file, ObjectNode json) {
    this.file = file;
    this.json = json;
  }

  /**
   * Reads {@code config.json} of a model directory.
   *
   * @throws CheckpointException if the directory or file is missing, or is not a JSON object
   */
  public static ModelConfig read(Path directory) throws IOException {
    if (!Files.isDirectory(directory)) {
      throw new CheckpointException(
          "%s: expected a model directory, found none. Check the path.".formatted(directory));
    }
    Path file = directory.resolve(FILE);
    return new ModelConfig(file, JsonFile.read(file));
  }

  /**
   * Reads the {@code config.json} of a model directory, or a lone file of that kind, which is
   * enough wherever no weights are needed.
   *
   * @throws CheckpointException if there is neither, or it is not a JSON object
   */
  public static ModelConfig at(Path directoryOrFile) throws IOException {
    return Files.isDirectory(directoryOrFile)
        ? read(directoryOrFile)
        : new ModelConfig(directoryOrFile, JsonFile.read(directoryOrFile));
  }

  /** Where the file was read from. */
  public Path file() {
    return file;
  }

  /** A copy of the whole object. */
  public ObjectNode json() {
    return json.deepCopy();
  }

  /** The same with another value of a key at the top. */
  public ModelConfig with(String key, int value) {
    return new ModelConfig(file, json().put(key, value));
  }

  /** The same with another value of a key at the top. */
  public ModelConfig with(String key, boolean value) {
    return new ModelConfig(file, json().put(key, value));
  }

  /** Writes {@code config.json} into a directory, in place of one that is there. */
  public void write(Path directory) throws IOException {
    JsonFile.write(directory.resolve(FILE), json);
  }

  /** The architecture's name, for example {@code "gpt_neox"}. */
  public String modelType() {
    return requireString("model_type");
  }

  /** Whether a key is there and not null. */
  public boolean has(String key) {
    JsonNode node = node(key);
    return !node.isMissingNode() && !node.isNull();
  }

  /** Whether a key is there and says null. */
  public boolean isNull(String key) {
    return node(key).isNull();
  }

  /** An integer that must be there. */
  public int requireInt(String key) {
    return asInt(key, require(key));
  }

  /** An integer, or the default if the key is absent. */
  public int intOr(String key, int otherwise) {
    return has(key) ? requireInt(key) : otherwise;
  }

  /** An integer that has two names, of which both must say the same; or the default. */
  public int intOr(String key, String otherKey, int otherwise) {
    return either(key, otherKey).map(this::requireInt).orElse(otherwise);
  }

  /** A finite number that must be there. */
  public double requireDouble(String key) {
    return asDouble(key, require(key));
  }

  /** A finite number, or the default if the key is absent. */
  public double doubleOr(String key, double otherwise) {
    return has(key) ? requireDouble(key) : otherwise;
  }

  /** A boolean that must be there. */
  public boolean requireBoolean(String key) {
    JsonNode node = require(key);
    if (!node.isBoolean()) {
      throw wrong(key, "true or false", node);
    }
    return node.booleanValue();
  }

  /** A boolean, or the default if the key is absent. */
  public boolean booleanOr(String key, boolean otherwise) {
    return has(key) ? requireBoolean(key) : otherwise;
  }

  /** A string that must be there. */
  public String requireString(String key) {
    JsonNode node = require(key);
    if (!node.isTextual()) {
      throw wrong(key, "a string", node);
    }
    return node.textValue();
  }

  /** A string, or the default if the key is absent. */
  public String stringOr(String key, String otherwise) {
    return has(key) ? requireString(key) : otherwise;
  }

  /**
   * Refuses a setting that is not supported and would change the mathematics.
   *
   * @param meaning what the setting would do, for the message
   * @throws CheckpointException unless the key is absent, null, false, or empty
   */
  public void requireInactive(String key, String meaning) {
    JsonNode node = node(key);
    if (isActive(node)) {
      throw new CheckpointException(
          "%s: expected '%s' (%s) to be absent, null, false or empty, found %s. It is not supported"
                  .formatted(file, key, meaning, node)
              + ": use a model without it.");
    }
  }

  /** The type the weights are stored in, from {@code dtype} or {@code torch_dtype}. */
  public Optional<DType> dtype() {
    Optional<String> name = either("dtype", "torch_dtype").map(this::requireString);
    return name.map(
        text -> {
          DType dtype = DTYPES.get(text.replaceFirst("^torch\\.", ""));
          if (dtype == null) {
            throw new CheckpointException(
                "%s: expected 'dtype' to be one of %s, found '%s'. Correct or convert the model."
                    .formatted(file, DTYPES.keySet().stream().sorted().toList(), text));
          }
          return dtype;
        });
  }

  /**
   * The rotary settings, in either dialect.
   *
   * @param thetaOtherwise where the file names none
   * @param fractionOtherwise where the file names none
   * @throws CheckpointException naming the key, if the file asks for positions scaled in a way that
   *     is not known here, or contradicts itself
   */
  public RotarySettings rotary(double thetaOtherwise, double fractionOtherwise) {
    return new RotaryReader(this).read(thetaOtherwise, fractionOtherwise);
  }

  /**
   * The labels of a classifier by index, from {@code id2label}; without it, as in transformers,
   * {@code LABEL_0} and so on up to {@code num_labels}, which is 2 by default.
   */
  public List<String> labels() {
    List<String> labels = new ArrayList<>();
    if (!has("id2label")) {
      int count = intOr("num_labels", 2);
      if (count < 1 || count > 1_000_000) {
        throw wrong("num_labels", "a number of labels from 1 to 1000000", require("num_labels"));
      }
      for (int i = 0; i < count; i++) {
        labels.add("LABEL_" + i);
      }
      return List.copyOf(labels);
    }
    JsonNode map = require("id2label");
    for (int i = 0; i < map.size(); i++) {
      JsonNode label = map.path(Integer.toString(i));
      if (!label.isTextual()) {
        throw wrong("id2label", "labels for the indices 0 to " + (map.size() - 1), map);
      }
      labels.add(label.textValue());
    }
    if (!map.isObject() || labels.isEmpty()) {
      throw wrong("id2label", "an object from index to label", map);
    }
    return List.copyOf(labels);
  }

  /**
   * The index of a label.
   *
   * @throws CheckpointException listing the labels, if there is no such label, it is there twice,
   *     or {@code label2id} says otherwise
   */
  public int labelIndex(String label) {
    List<String> labels = labels();
    int index = labels.indexOf(label);
    if (index < 0 || index != labels.lastIndexOf(label)) {
      throw new CheckpointException(
          "%s: expected '%s' to be one of the labels %s, found it %s. Name one of them."
              .formatted(file, label, labels, index < 0 ? "missing" : "twice"));
    }
    JsonNode inverse = json.path("label2id").path(label);
    if (!inverse.isMissingNode() && (!inverse.isInt() || inverse.intValue() != index)) {
      throw new CheckpointException(
          "%s: expected label2id to say %d for '%s' as id2label does, found %s. Correct one."
              .formatted(file, index, label, inverse));
    }
    return index;
  }

  /** The ids that end a text: {@code eos_token_id} may be one, a list, or null. */
  public List<Integer> eosTokenIds() {
    if (!has("eos_token_id")) {
      return List.of();
    }
    JsonNode node = require("eos_token_id");
    if (!node.isArray()) {
      return List.of(asInt("eos_token_id", node));
    }
    List<Integer> ids = new ArrayList<>();
    node.forEach(id -> ids.add(asInt("eos_token_id", id)));
    return List.copyOf(ids);
  }

  /** The id that pads a batch, if the model has one. */
  public OptionalInt padTokenId() {
    return has("pad_token_id") ? OptionalInt.of(requireInt("pad_token_id")) : OptionalInt.empty();
  }

  /** This config saying another stored type, in the dialect it is in. */
  public ModelConfig withDtype(DType dtype) {
    String name =
        DTYPES.entrySet().stream()
            .filter(pair -> pair.getValue() == dtype)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(
                () ->
                    new CheckpointException(
                        "%s: expected a floating-point type for the weights, found %s. Choose one."
                            .formatted(file, dtype)));
    ObjectNode copy = json.deepCopy();
    boolean older = copy.has("torch_dtype");
    if (older) {
      copy.put("torch_dtype", name);
    }
    if (!older || copy.has("dtype")) {
      copy.put("dtype", name);
    }
    return new ModelConfig(file, copy);
  }

  /** Whether a setting asks for anything: not absent, null, false, empty, or made of such. */
  static boolean isActive(JsonNode node) {
    if (node.isContainerNode()) {
      for (JsonNode child : node) {
        if (isActive(child)) {
          return true;
        }
      }
      return false;
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    return !(node.isMissingNode()
        || node.isNull()
        || (node.isTextual() && node.asText().isEmpty()));
  }

  @Override
  public String toString() {
    return file.toString();
  }

  /**
   * The one of two keys that is there, the first if both are and agree.
   *
   * @throws CheckpointException if they do not agree
   */
  public Optional<String> either(String key, String olderKey) {
    if (has(key) && has(olderKey) && !require(key).asText().equals(require(olderKey).asText())) {
      throw new CheckpointException(
          "%s: expected '%s' and '%s' to agree, found %s and %s. Remove one."
              .formatted(file, key, olderKey, require(key), require(olderKey)));
    }
    return has(key) ? Optional.of(key) : has(olderKey) ? Optional.of(olderKey) : Optional.empty();
  }

  /** The value at a key; a dot leads into an object. */
  private JsonNode node(String key) {
    String[] path = key.split("\\.");
    asked.add(path[0]);
    JsonNode node = json;
    for (String name : path) {
      node = node.path(name);
    }
    return node;
  }

  /** The keys at the top that no one has asked for yet, sorted: what is ignored of the file. */
  public List<String> ignored() {
    return json.propertyStream()
        .map(Map.Entry::getKey)
        .filter(key -> !asked.contains(key))
        .sorted()
        .toList();
  }

  JsonNode require(String key) {
    JsonNode node = node(key);
    if (node.isMissingNode() || node.isNull()) {
      throw new CheckpointException(
          "%s: expected the key '%s', found none. Add it, or check that the file belongs."
              .formatted(file, key));
    }
    return node;
  }

  private int asInt(String key, JsonNode node) {
    if (!node.isIntegralNumber() || !node.canConvertToInt()) {
      throw wrong(key, "a whole number of 32 bits", node);
    }
    int value = node.intValue();
    OptionalInt most = SizeLimits.most(key);
    if (most.isPresent() && (value < 1 || value > most.getAsInt())) {
      throw wrong(key, "a size from 1 to " + most.getAsInt(), node);
    }
    return value;
  }

  private double asDouble(String key, JsonNode node) {
    if (!node.isNumber() || !Double.isFinite(node.doubleValue())) {
      throw wrong(key, "a finite number", node);
    }
    return node.doubleValue();
  }

  CheckpointException wrong(String key, String expected, JsonNode found) {
    return new CheckpointException(
        "%s: expected '%s' to be %s, found %s. Correct the file."
            .formatted(file, key, expected, found));
  }
}
