package dev.cantilever.tokenizer;

import static java.util.Objects.requireNonNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The tokens that a directory without {@code tokenizer.json} adds to its vocabulary: those that
 * have a role, by {@code special_tokens_map.json}, {@code tokenizer_config.json} and the class's
 * own defaults, and those that {@code added_tokens_decoder} or {@code added_tokens.json} list by
 * id. Where the configuration holds {@code added_tokens_decoder}, {@code special_tokens_map.json}
 * does not count, as in transformers.
 */
final class TokenRoles {

  private static final List<String> ROLES =
      List.of("bos", "eos", "unk", "sep", "pad", "cls", "mask");

  private final Path directory;
  private final JsonNode config;
  private final Map<String, AddedToken> byRole = new LinkedHashMap<>();
  private final List<AddedToken> additional = new ArrayList<>();

  private TokenRoles(Path directory, JsonNode config) {
    this.directory = directory;
    this.config = config;
  }

  static TokenRoles read(Path directory, TokenizerClass kind) throws IOException {
    JsonNode config = optional(directory.resolve("tokenizer_config.json"));
    JsonNode map =
        config.has("added_tokens_decoder")
            ? JsonNodeFactory.instance.objectNode()
            : optional(directory.resolve("special_tokens_map.json"));
    TokenRoles roles = new TokenRoles(directory, config);
    for (String role : ROLES) {
      String key = role + "_token";
      boolean none = config.has(key) && config.get(key).isNull() && !map.has(key);
      AddedToken.read(map.path(key), true)
          .or(() -> AddedToken.read(config.path(key), true))
          .or(
              () ->
                  Optional.ofNullable(kind.specialTokens().get(role))
                      .filter(spelling -> !none)
                      .map(AddedToken::special)
                      .map(
                          token ->
                              kind == TokenizerClass.ROBERTA && role.equals("mask")
                                  ? token.withLeadingSpace()
                                  : token))
          .ifPresent(token -> roles.byRole.put(role, token));
    }
    for (JsonNode source : List.of(map, config)) {
      for (JsonNode token : source.path("additional_special_tokens")) {
        AddedToken.read(token, true).ifPresent(roles.additional::add);
      }
    }
    return roles;
  }

  /** The tokenizer's own configuration; an empty object where there is no file. */
  JsonNode config() {
    return config;
  }

  /** The token of a role that must be there. */
  AddedToken require(String role) {
    AddedToken token = byRole.get(role);
    if (token == null) {
      throw new DatasetException(
          directory.toString(),
          "a " + role + "_token",
          "null",
          "Name it in tokenizer_config.json as the model's own checkpoint does");
    }
    return token;
  }

  /**
   * Writes {@code added_tokens} of a {@code tokenizer.json}. A token that neither a list nor the
   * vocabulary gives an id gets the next one behind both.
   *
   * @param vocabulary ids by token, of the vocabulary alone
   * @param own what the vocabulary itself says of tokens, by id; lists come first
   * @return ids by token, of the added tokens
   */
  Map<String, Integer> write(
      ObjectNode tokenizerJson, Map<String, Integer> vocabulary, Map<Integer, AddedToken> own)
      throws IOException {
    TreeMap<Integer, AddedToken> listed = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : config.path("added_tokens_decoder").properties()) {
      int id = entry.getKey().matches("[0-9]{1,9}") ? Integer.parseInt(entry.getKey()) : -1;
      AddedToken token =
          AddedToken.read(entry.getValue(), false).orElseThrow(() -> wrong(entry.getKey()));
      if (id < 0) {
        throw wrong(entry.getKey());
      }
      listed.put(id, token);
    }
    for (Map.Entry<String, JsonNode> entry :
        optional(directory.resolve("added_tokens.json")).properties()) {
      if (!entry.getValue().isInt() || entry.getValue().intValue() < 0) {
        throw wrong(entry.getKey());
      }
      listed.putIfAbsent(
          entry.getValue().intValue(),
          new AddedToken(entry.getKey(), false, false, false, true, false));
    }
    own.forEach(listed::putIfAbsent);
    Map<String, Integer> ids = new LinkedHashMap<>();
    Map<String, AddedToken> tokens = new LinkedHashMap<>();
    listed.forEach(
        (id, token) -> {
          ids.put(token.content(), id);
          tokens.put(token.content(), token);
        });
    int next =
        1
            + Math.max(
                vocabulary.values().stream().mapToInt(Integer::intValue).max().orElse(-1),
                listed.isEmpty() ? -1 : listed.lastKey());
    List<AddedToken> withRole = new ArrayList<>(byRole.values());
    withRole.addAll(additional);
    for (AddedToken token : withRole) {
      if (!ids.containsKey(token.content())) {
        Integer known = vocabulary.get(token.content());
        ids.put(token.content(), known == null ? next++ : known);
      }
      tokens.merge(token.content(), token, (first, second) -> first.special() ? first : second);
    }
    TreeMap<Integer, AddedToken> ordered = new TreeMap<>();
    tokens.forEach((spelling, token) -> ordered.put(requireNonNull(ids.get(spelling)), token));
    ordered.forEach((id, token) -> tokenizerJson.withArray("/added_tokens").add(token.json(id)));
    return ids;
  }

  private DatasetException wrong(String key) {
    return new DatasetException(
        directory.toString(),
        "an id and a spelling for each added token",
        "neither at '" + key + "'",
        "Fetch tokenizer_config.json and added_tokens.json again");
  }

  private static JsonNode optional(Path file) throws IOException {
    return Files.exists(file) ? Vocabulary.json(file) : JsonNodeFactory.instance.objectNode();
  }
}
