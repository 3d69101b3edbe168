package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The ids with a meaning, looked up per kind in {@code generation_config.json}, then {@code
 * config.json}, then {@code tokenizer_config.json}; the first that states one wins, as in
 * transformers' generation. The first two hold ids (one or a list, negative meaning none), the last
 * holds tokens (a string, or an object with {@code content}).
 */
final class SpecialTokens {

  private static final List<String> ID_FILES = List.of("generation_config.json", "config.json");
  private static final String TOKEN_FILE = "tokenizer_config.json";

  private final Path directory;
  private final Vocabulary vocabulary;

  SpecialTokens(Path directory, Vocabulary vocabulary) {
    this.directory = directory;
    this.vocabulary = vocabulary;
  }

  /** The files that state them, those that are there. */
  static List<Path> sources(Path directory) {
    return Stream.concat(ID_FILES.stream(), Stream.of(TOKEN_FILE))
        .map(directory::resolve)
        .filter(Files::isRegularFile)
        .toList();
  }

  /** All ids of a kind: {@code eos}, {@code pad} or {@code bos}; possibly none. */
  List<Integer> ids(String kind) throws IOException {
    for (String name : ID_FILES) {
      Path file = directory.resolve(name);
      if (Files.exists(file)) {
        List<Integer> ids = stated(file, kind + "_token_id");
        if (!ids.isEmpty()) {
          return ids;
        }
      }
    }
    Path file = directory.resolve(TOKEN_FILE);
    return Files.exists(file) ? named(file, kind + "_token") : List.of();
  }

  private List<Integer> stated(Path file, String key) throws IOException {
    JsonNode value = Vocabulary.json(file).path(key);
    List<Integer> ids = new ArrayList<>();
    if (value.isMissingNode() || value.isNull()) {
      return ids;
    }
    for (JsonNode id : value.isArray() ? value : List.of(value)) {
      if (!id.isInt() || id.intValue() >= vocabulary.size()) {
        throw new DatasetException(
            file.toString(),
            "token ids below the tokenizer's " + vocabulary.size() + " in '" + key + "'",
            value.toString(),
            "Take config and tokenizer from the same checkpoint");
      }
      if (id.intValue() >= 0 && !ids.contains(id.intValue())) {
        ids.add(id.intValue());
      }
    }
    return List.copyOf(ids);
  }

  private List<Integer> named(Path file, String key) throws IOException {
    JsonNode value = Vocabulary.json(file).path(key);
    JsonNode token = value.isObject() ? value.path("content") : value;
    if (!token.isTextual()) {
      return List.of();
    }
    OptionalInt id = vocabulary.id(token.textValue());
    if (id.isEmpty()) {
      throw new DatasetException(
          file.toString(),
          "'" + key + "' to be a token of tokenizer.json",
          "'" + token.textValue() + "'",
          "Take both files from the same checkpoint");
    }
    return List.of(id.getAsInt());
  }
}
