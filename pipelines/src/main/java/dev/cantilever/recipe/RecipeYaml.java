package dev.cantilever.recipe;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.util.Locale;
import java.util.Set;
import java.util.StringJoiner;
import java.util.regex.Pattern;

/**
 * Writes a recipe as YAML with a comment beside each value. Written by hand because no YAML writer
 * places comments; what it emits is a small part of the language: block mappings, flow lists, plain
 * and double-quoted scalars.
 */
final class RecipeYaml {
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z_./][A-Za-z0-9_./-]*");

  private static final Pattern UNPRINTABLE =
      Pattern.compile("[\\u007f-\\u00a0\\u2028\\u2029\\ufeff\\ufffe\\uffff]");

  /* What YAML 1.1 readers take for something else than text. */
  private static final Set<String> NOT_TEXT =
      Set.of("true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan", ".nan", ".inf");

  private final Recipe recipe;

  RecipeYaml(Recipe recipe) {
    this.recipe = recipe;
  }

  String write(ObjectNode values) {
    StringBuilder text =
        new StringBuilder(
                "# Every value of this run, and where it came from. Usable as --recipe.\n")
            .append("# digest: ")
            .append(recipe.digest())
            .append('\n');
    writeGroup(text, values, "", "");
    return text.toString();
  }

  private void writeGroup(StringBuilder text, ObjectNode group, String prefix, String indent) {
    group
        .properties()
        .forEach(
            entry -> {
              String key = entry.getKey();
              text.append(indent).append(key).append(':');
              if (entry.getValue() instanceof ObjectNode nested && !nested.isEmpty()) {
                text.append('\n');
                writeGroup(text, nested, prefix + key + ".", indent + "  ");
              } else {
                text.append(' ')
                    .append(scalar(entry.getValue()))
                    .append("  # ")
                    .append(recipe.source(prefix + key))
                    .append('\n');
              }
            });
  }

  /** A value on one line. */
  static String scalar(JsonNode node) {
    if (node.isArray()) {
      StringJoiner list = new StringJoiner(", ", "[", "]");
      node.forEach(item -> list.add(scalar(item)));
      return list.toString();
    }
    if (node instanceof ObjectNode object) {
      StringJoiner mapping = new StringJoiner(", ", "{", "}");
      object.properties().forEach(e -> mapping.add(e.getKey() + ": " + scalar(e.getValue())));
      return mapping.toString();
    }
    if (node instanceof TextNode) {
      String text = node.asText();
      boolean plain =
          PLAIN.matcher(text).matches() && !NOT_TEXT.contains(text.toLowerCase(Locale.ROOT));
      return plain ? text : quoted(node.toString());
    }
    return node.asText();
  }

  /** JSON's quoting is YAML's, but for the characters that YAML does not take as they are. */
  private static String quoted(String json) {
    return UNPRINTABLE
        .matcher(json)
        .replaceAll(match -> String.format("\\\\u%04x", (int) match.group().charAt(0)));
  }
}
