package dev.cantilever.recipe;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The sections that a recipe may have: for each its name and its spec record with the defaults.
 * Immutable; {@link #section} returns a larger schema.
 */
public final class RecipeSchema {
  private final Map<String, Section> sections;

  /**
   * A registered section.
   *
   * @param type its record
   * @param defaults the values it starts from
   */
  record Section(RecordType type, Record defaults) {}

  private RecipeSchema(Map<String, Section> sections) {
    this.sections = sections;
  }

  /** A schema without sections. */
  public static RecipeSchema empty() {
    return new RecipeSchema(Map.of());
  }

  /**
   * This schema and one more section.
   *
   * @param name the key at the top of the recipe file, in lower case
   * @param defaults the spec whose values stand where nothing else is given; usually the record's
   *     {@code defaults()}
   * @throws IllegalArgumentException if the name is taken, or the record has a component that specs
   *     may not have
   */
  public RecipeSchema section(String name, Record defaults) {
    if (!name.matches("[a-z][a-z0-9_]*") || sections.containsKey(name)) {
      throw new IllegalArgumentException(
          "expected a new section name in lower case, got '" + name + "' beside " + names());
    }
    Map<String, Section> more = new LinkedHashMap<>(sections);
    more.put(name, new Section(RecordType.of(defaults.getClass()), defaults));
    return new RecipeSchema(more);
  }

  /**
   * This schema with other defaults for a section that it has.
   *
   * @param name of the section
   * @param defaults of the same record type
   * @throws IllegalArgumentException if there is no such section, or it is of another type
   */
  public RecipeSchema withDefaults(String name, Record defaults) {
    Section former = sections.get(name);
    if (former == null || !former.defaults().getClass().equals(defaults.getClass())) {
      throw new IllegalArgumentException(
          "expected a section of "
              + names()
              + " and its own record, got '"
              + name
              + "' and "
              + defaults.getClass().getName());
    }
    Map<String, Section> others = new LinkedHashMap<>(sections);
    others.put(name, new Section(former.type(), defaults));
    return new RecipeSchema(others);
  }

  /** The recipe of the defaults alone. */
  public Recipe defaults() {
    return load(List.of());
  }

  /**
   * The recipe of the defaults and what the command line gives, later settings over earlier ones.
   *
   * @throws UsageException for a key that does not exist or a value that does not fit
   */
  public Recipe load(List<Setting> settings) {
    return merge(Optional.empty(), settings);
  }

  /**
   * The recipe of the defaults, a file over them, and what the command line gives over that.
   *
   * @param file a YAML file with the sections at its top
   * @throws UsageException for a file that is not a recipe, a key that does not exist or a value
   *     that does not fit
   * @throws IOException if the file is there and cannot be read
   */
  public Recipe load(Path file, List<Setting> settings) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new UsageException(
          "expected a recipe file at "
              + file
              + ", found "
              + (Files.exists(file) ? "something that is not a file" : "nothing")
              + "; give --recipe the path of a YAML file");
    }
    try {
      return merge(Optional.of(new NamedText(file.toString(), Files.readString(file))), settings);
    } catch (CharacterCodingException e) {
      throw new UsageException(file + ": expected UTF-8 text; save the recipe as UTF-8", e);
    }
  }

  /** As {@link #load(Path, List)}, from text; the name stands for the file's in messages. */
  Recipe parse(String name, String text) {
    return merge(Optional.of(new NamedText(name, text)), List.of());
  }

  private record NamedText(String name, String text) {}

  private Recipe merge(Optional<NamedText> file, List<Setting> settings) {
    RecipeMerge merge = new RecipeMerge(sections);
    file.ifPresent(f -> merge.apply(f.name(), YamlDocument.parse(f.name(), f.text())));
    settings.forEach(merge::apply);
    return merge.finish();
  }

  private String names() {
    return String.join(", ", sections.keySet());
  }
}
