package dev.cantilever.recipe;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** The effective values of a run's settings, and where each came from. Immutable. */
public final class Recipe {
  private static final ObjectMapper CANONICAL =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private final Map<String, Record> records;
  private final ObjectNode values;
  private final Map<String, Source> sources;

  Recipe(Map<String, Record> records, ObjectNode values, Map<String, Source> sources) {
    this.records = records;
    this.values = values;
    this.sources = sources;
  }

  /**
   * The spec of a section.
   *
   * @throws IllegalArgumentException if the command did not register that section with that type
   */
  public <T extends Record> T section(String name, Class<T> type) {
    Record section = records.get(name);
    if (!type.isInstance(section)) {
      throw new IllegalArgumentException(
          "expected the section "
              + name
              + " registered as "
              + type.getName()
              + ", found "
              + (section == null ? records.keySet() : section.getClass().getName())
              + "; register it in the command's schema");
    }
    return type.cast(section);
  }

  /**
   * This recipe with other values where it has only defaults, as those that a model brings along.
   *
   * @param name of a section without groups
   * @param values by key within the section; a key that the recipe was given keeps its value
   * @param source where the values came from
   * @throws UsageException if the section does not have a key or does not take a value
   */
  public Recipe withDefaults(String name, Map<String, JsonNode> values, Source source) {
    RecordType type = RecordType.of(section(name, Record.class).getClass());
    ObjectNode merged = this.values.deepCopy();
    ObjectNode section = (ObjectNode) merged.get(name);
    Map<String, Source> from = new LinkedHashMap<>(sources);
    values.forEach(
        (key, value) -> {
          if (source(name + "." + key).equals(Source.DEFAULT)) {
            section.set(key, value);
            from.put(name + "." + key, source);
          }
        });
    try {
      Record decoded = (Record) type.decode(section);
      merged.set(name, type.encode(decoded));
      Map<String, Record> replaced = new LinkedHashMap<>(records);
      replaced.put(name, decoded);
      return new Recipe(replaced, merged, Map.copyOf(from));
    } catch (MismatchException e) {
      throw new UsageException(source + ": " + e.getMessage(), e);
    }
  }

  /** Where the value of a full key such as {@code ppo.kl.init_coef} came from. */
  public Source source(String key) {
    return sources.getOrDefault(key, Source.DEFAULT);
  }

  /**
   * The SHA-256, in hexadecimal, of the values in canonical JSON: keys sorted, no white space.
   * Equal exactly when all values are equal; sources do not enter.
   */
  public String digest() {
    try {
      byte[] json =
          CANONICAL
              .writeValueAsString(CANONICAL.treeToValue(values, TreeMap.class))
              .getBytes(StandardCharsets.UTF_8);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(json));
    } catch (JsonProcessingException | NoSuchAlgorithmException e) {
      throw new IllegalStateException("cannot digest the recipe", e);
    }
  }

  /**
   * The text of {@code recipe.yaml}: every value with its source as a comment. Reading it gives the
   * same values.
   */
  public String toYaml() {
    return new RecipeYaml(this).write(values);
  }

  /** Every key with its value as the YAML has it, in the order of the sections. */
  public Map<String, String> values() {
    Map<String, String> texts = new LinkedHashMap<>();
    leaves().forEach((key, node) -> texts.put(key, RecipeYaml.scalar(node)));
    return texts;
  }

  /**
   * The keys whose values differ from another recipe's, sorted, each as {@code key: here, there}.
   * Empty when the digests are equal.
   */
  public List<String> differences(Recipe other) {
    Map<String, JsonNode> here = leaves();
    Map<String, JsonNode> there = other.leaves();
    TreeSet<String> keys = new TreeSet<>(here.keySet());
    keys.addAll(there.keySet());
    List<String> differences = new ArrayList<>();
    for (String key : keys) {
      String mine = show(here.get(key));
      String theirs = show(there.get(key));
      if (!mine.equals(theirs)) {
        differences.add(key + ": " + mine + ", " + theirs);
      }
    }
    return differences;
  }

  private static String show(@Nullable JsonNode node) {
    return node == null ? "absent" : RecipeYaml.scalar(node);
  }

  private Map<String, JsonNode> leaves() {
    Map<String, JsonNode> leaves = new LinkedHashMap<>();
    collect("", values, leaves);
    return leaves;
  }

  private static void collect(String prefix, ObjectNode group, Map<String, JsonNode> leaves) {
    group
        .properties()
        .forEach(
            entry -> {
              String key = prefix + entry.getKey();
              if (entry.getValue() instanceof ObjectNode nested) {
                collect(key + ".", nested, leaves);
              } else {
                leaves.put(key, entry.getValue());
              }
            });
  }
}
