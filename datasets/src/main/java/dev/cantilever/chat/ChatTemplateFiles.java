package dev.cantilever.chat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where a model directory keeps its chat template and the tokens that templates name: {@code
 * chat_template.jinja}, else {@code chat_template} of {@code tokenizer_config.json}, a string or a
 * list of named ones, of which {@code default} counts.
 */
record ChatTemplateFiles(Path source, String template, Map<String, String> specialTokens) {

  private static final JsonMapper JSON = new JsonMapper();
  private static final String FILE = "chat_template.jinja";
  private static final String CONFIG = "tokenizer_config.json";
  private static final String MAP = "special_tokens_map.json";
  private static final String KEY = "chat_template";
  private static final String DEFAULT = "default";
  private static final List<String> TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  static ChatTemplateFiles read(Path directory) throws IOException {
    JsonNode config = optional(directory.resolve(CONFIG));
    Map<String, String> tokens = new LinkedHashMap<>();
    for (JsonNode file : List.of(optional(directory.resolve(MAP)), config)) {
      for (String name : TOKENS) {
        JsonNode value = file.path(name);
        JsonNode spelling = value.isObject() ? value.path("content") : value;
        if (spelling.isTextual()) {
          tokens.put(name, spelling.textValue());
        }
      }
    }
    Path own = directory.resolve(FILE);
    if (Files.isRegularFile(own)) {
      return new ChatTemplateFiles(own, Files.readString(own), tokens);
    }
    Path file = directory.resolve(CONFIG);
    String template =
        stated(config.path(KEY))
            .orElseThrow(
                () ->
                    new DatasetException(
                        directory.toString(),
                        "a chat template in " + FILE + " or as " + KEY + " of " + CONFIG,
                        config.path(KEY).isMissingNode()
                            ? "none, so the model was not tuned on chats"
                            : "one of another form",
                        "Give whole prompts without chat, or the model's own template"));
    return new ChatTemplateFiles(file, template, tokens);
  }

  private static Optional<String> stated(JsonNode value) {
    if (value.isTextual()) {
      return Optional.of(value.textValue());
    }
    for (JsonNode named : value) {
      if (named.path("name").asText().equals(DEFAULT) && named.path("template").isTextual()) {
        return Optional.of(named.get("template").textValue());
      }
    }
    return Optional.empty();
  }

  private static JsonNode optional(Path file) throws IOException {
    if (!Files.exists(file)) {
      return JsonNodeFactory.instance.objectNode();
    }
    try {
      return JSON.readTree(Files.readAllBytes(file));
    } catch (JsonProcessingException e) {
      throw new DatasetException(
          file.toString(),
          "a JSON object",
          "an error: " + e.getOriginalMessage(),
          "Fetch the file again",
          e);
    }
  }
}
