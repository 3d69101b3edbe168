package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The values of one recipe while its sources are laid over each other. Each value is decoded by its
 * type where it comes in, so that a wrong one is reported with its own place, and kept in canonical
 * form.
 */
final class RecipeMerge {
  private final Map<String, RecipeSchema.Section> sections;
  private final ObjectNode root = JsonNodeFactory.instance.objectNode();
  private final Map<String, Source> sources = new LinkedHashMap<>();

  RecipeMerge(Map<String, RecipeSchema.Section> sections) {
    this.sections = sections;
    sections.forEach((name, section) -> root.set(name, section.type().encode(section.defaults())));
  }

  /** Lays a file over what is there. */
  void apply(String file, YamlDocument.Parsed document) {
    for (Map.Entry<String, JsonNode> entry : document.root().properties()) {
      String name = entry.getKey();
      Place place = new Place(file, document.lines(), new Source(file));
      RecipeSchema.Section section = sections.get(name);
      if (section == null) {
        throw place.error(name, UnknownKey.message(name, sections.keySet()));
      }
      if (!entry.getValue().isNull()) { // a section whose keys are all commented out
        ObjectNode values = (ObjectNode) root.get(name);
        mergeGroup(values, section.type(), entry.getValue(), name, place);
      }
    }
  }

  /** Sets one value from the command line. */
  void apply(Setting setting) {
    Place place = new Place(setting.source().label(), Map.of(), setting.source());
    List<String> path = List.of(setting.key().split("\\.", -1));
    RecipeSchema.Section section = sections.get(path.get(0));
    if (section == null) {
      throw place.error(setting.key(), UnknownKey.message(path.get(0), sections.keySet()));
    }
    ObjectNode values = (ObjectNode) root.get(path.get(0));
    RecordType type = section.type();
    for (String key : path.subList(1, path.size() - 1)) {
      RecordType group =
          place
              .type(type, key, setting.key())
              .record()
              .orElseThrow(() -> place.error(setting.key(), key + " is a value and has no keys"));
      values = group(values, key, group);
      type = group;
    }
    String last = path.get(path.size() - 1);
    ValueType valueType = place.type(type, last, setting.key());
    try {
      values.set(last, valueType.encode(valueType.parse(setting.text())));
    } catch (MismatchException e) {
      throw place.error(setting.key(), e);
    }
    sources.put(setting.key(), setting.source());
  }

  /** The records of what is there now. */
  Recipe finish() {
    Map<String, Record> records = new LinkedHashMap<>();
    ObjectNode canonical = JsonNodeFactory.instance.objectNode();
    sections.forEach(
        (name, section) -> {
          try {
            Record values = (Record) section.type().decode(root.get(name));
            records.put(name, values);
            canonical.set(name, section.type().encode(values));
          } catch (MismatchException e) {
            throw new UsageException("section " + name + ": " + e.getMessage() + givenIn(name), e);
          }
        });
    return new Recipe(records, canonical, Map.copyOf(sources));
  }

  private void mergeGroup(
      ObjectNode into, RecordType type, JsonNode from, String prefix, Place place) {
    if (!from.isObject()) {
      throw place.error(prefix, MismatchException.of(type.expected(), from));
    }
    for (Map.Entry<String, JsonNode> entry : from.properties()) {
      String key = entry.getKey();
      String path = prefix + "." + key;
      ValueType valueType = place.type(type, key, path);
      Optional<RecordType> group = valueType.record();
      if (group.isPresent() && !entry.getValue().isNull()) {
        mergeGroup(group(into, key, group.get()), group.get(), entry.getValue(), path, place);
        continue;
      }
      try {
        into.set(key, valueType.encode(valueType.decode(entry.getValue())));
      } catch (MismatchException e) {
        throw place.error(path, e);
      }
      sources.put(path, place.source());
    }
  }

  private static ObjectNode group(ObjectNode parent, String key, RecordType type) {
    if (!(parent.get(key) instanceof ObjectNode)) {
      parent.set(key, type.startingValues());
    }
    return (ObjectNode) Objects.requireNonNull(parent.get(key));
  }

  private String givenIn(String section) {
    String given =
        sources.entrySet().stream()
            .filter(entry -> entry.getKey().startsWith(section + "."))
            .map(entry -> entry.getKey() + " by " + entry.getValue())
            .collect(Collectors.joining(", "));
    return given.isEmpty() ? "" : " (given: " + given + ")";
  }

  /** Where a value stands, for messages. */
  private record Place(String name, Map<String, Integer> lines, Source source) {

    ValueType type(RecordType group, String key, String path) {
      return group.type(key).orElseThrow(() -> error(path, UnknownKey.message(key, group.names())));
    }

    UsageException error(String path, String message) {
      Integer line = lines.get(path);
      return new UsageException(
          name + (line == null ? "" : ", line " + line) + ": " + path + ": " + message);
    }

    UsageException error(String path, MismatchException cause) {
      UsageException error = error(path, String.valueOf(cause.getMessage()));
      error.initCause(cause);
      return error;
    }
  }
}
