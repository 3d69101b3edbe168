package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * BERT's WordPiece that lies as {@code vocab.txt}, brought into the form of {@code tokenizer.json}.
 */
final class WordPieceFiles {

  static final String VOCABULARY = "vocab.txt";

  private static final int MAX_WORD_CHARS = 100;

  private WordPieceFiles() {}

  static ObjectNode tokenizerJson(Path directory) throws IOException {
    TokenizerClass kind = TokenizerClass.of(directory, TokenizerClass.Form.WORD_PIECES);
    TokenRoles roles = TokenRoles.read(directory, kind);
    if (!roles.config().path("do_basic_tokenize").asBoolean(true)) {
      throw new DatasetException(
          directory.resolve(VOCABULARY).toString(),
          "BERT's basic tokenizer over a WordPiece vocabulary",
          "do_basic_tokenize false",
          "Save the tokenizer there with transformers' save_pretrained (fast tokenizer)");
    }
    Map<String, Integer> ids = vocabulary(directory.resolve(VOCABULARY));
    JsonNodeFactory nodes = JsonNodeFactory.instance;
    ObjectNode json = nodes.objectNode().put("version", "1.0");
    json.putNull("truncation").putNull("padding").putArray("added_tokens");
    Map<String, Integer> added = roles.write(json, ids, Map.of());
    JsonNode config = roles.config();
    json.putObject("normalizer")
        .put("type", "BertNormalizer")
        .put("clean_text", true)
        .put("handle_chinese_chars", config.path("tokenize_chinese_chars").asBoolean(true))
        .put("lowercase", config.path("do_lower_case").asBoolean(true))
        .set(
            "strip_accents",
            config.path("strip_accents").isBoolean()
                ? config.get("strip_accents")
                : nodes.nullNode());
    json.putObject("pre_tokenizer").put("type", "BertPreTokenizer");
    TextTemplate template = new TextTemplate();
    template.special(roles.require("cls").content(), added);
    template.text();
    template.special(roles.require("sep").content(), added);
    json.set("post_processor", template.json());
    json.putObject("decoder").put("type", "WordPiece").put("prefix", "##").put("cleanup", true);
    ObjectNode model = json.putObject("model").put("type", "WordPiece");
    model.put("unk_token", roles.require("unk").content());
    model.put("continuing_subword_prefix", "##").put("max_input_chars_per_word", MAX_WORD_CHARS);
    ids.forEach(model.putObject("vocab")::put);
    return json;
  }

  /** A token in each line, whose place is its id; of equal ones the last counts. */
  private static Map<String, Integer> vocabulary(Path file) throws IOException {
    List<String> lines = BytePairFiles.lines(file);
    int count = lines.get(lines.size() - 1).isEmpty() ? lines.size() - 1 : lines.size();
    Map<String, Integer> ids = new LinkedHashMap<>();
    for (int id = 0; id < count; id++) {
      ids.put(lines.get(id), id);
    }
    return ids;
  }
}
