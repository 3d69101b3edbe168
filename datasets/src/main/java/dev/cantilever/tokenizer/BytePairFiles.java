package dev.cantilever.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A byte-level BPE that lies as {@code vocab.json} and {@code merges.txt}, brought into the form of
 * {@code tokenizer.json} as the fast tokenizers of transformers' classes have it.
 */
final class BytePairFiles {

  static final String VOCABULARY = "vocab.json";
  static final String MERGES = "merges.txt";

  private static final JsonNodeFactory JSON = JsonNodeFactory.instance;
  private static final String TYPE = "type";

  /* How Qwen2 cuts text into words, a digit at a time; the others have the one of ByteLevel. */
  private static final String QWEN2_WORDS =
      "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}"
          + "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

  private final Path directory;
  private final TokenizerClass kind;
  private final TokenRoles roles;

  private BytePairFiles(Path directory, TokenizerClass kind, TokenRoles roles) {
    this.directory = directory;
    this.kind = kind;
    this.roles = roles;
  }

  static ObjectNode tokenizerJson(Path directory) throws IOException {
    TokenizerClass kind = TokenizerClass.of(directory, TokenizerClass.Form.BYTE_PAIRS);
    return new BytePairFiles(directory, kind, TokenRoles.read(directory, kind)).build();
  }

  private ObjectNode build() throws IOException {
    JsonNode vocabulary = Vocabulary.json(directory.resolve(VOCABULARY));
    Map<String, Integer> ids = new HashMap<>();
    vocabulary.properties().forEach(entry -> ids.put(entry.getKey(), entry.getValue().asInt(-1)));
    boolean prefixSpace = roles.config().path("add_prefix_space").asBoolean(false);
    ObjectNode json = JSON.objectNode().put("version", "1.0");
    json.putNull("truncation").putNull("padding").putArray("added_tokens");
    Map<String, Integer> added = roles.write(json, ids, Map.of());
    if (kind == TokenizerClass.QWEN2 || kind == TokenizerClass.GPT_NEOX) {
      json.putObject("normalizer").put(TYPE, "NFC");
    } else {
      json.putNull("normalizer");
    }
    json.set(
        "pre_tokenizer",
        kind == TokenizerClass.QWEN2 ? qwen2Words(prefixSpace) : byteLevel(prefixSpace, true));
    json.set("post_processor", around(prefixSpace, added));
    json.set("decoder", byteLevel(true, true));
    ObjectNode model = json.putObject("model").put(TYPE, "BPE");
    model.putNull("dropout").putNull("unk_token");
    model.put("continuing_subword_prefix", "").put("end_of_word_suffix", "");
    model.put("fuse_unk", false).put("byte_fallback", false);
    model.set("vocab", vocabulary);
    model.set("merges", merges());
    return json;
  }

  private static ObjectNode byteLevel(boolean prefixSpace, boolean words) {
    return JSON.objectNode()
        .put(TYPE, "ByteLevel")
        .put("add_prefix_space", prefixSpace)
        .put("trim_offsets", true)
        .put("use_regex", words);
  }

  private static ObjectNode qwen2Words(boolean prefixSpace) {
    ObjectNode sequence = JSON.objectNode().put(TYPE, "Sequence");
    ArrayNode parts = sequence.putArray("pretokenizers");
    ObjectNode split = parts.addObject().put(TYPE, "Split");
    split.putObject("pattern").put("Regex", QWEN2_WORDS);
    split.put("behavior", "Isolated").put("invert", false);
    parts.add(byteLevel(prefixSpace, false));
    return sequence;
  }

  /** What is put around a text: RoBERTa's pair, or the tokens that the configuration asks for. */
  private ObjectNode around(boolean prefixSpace, Map<String, Integer> added) {
    if (kind == TokenizerClass.ROBERTA) {
      ObjectNode roberta = JSON.objectNode().put(TYPE, "RobertaProcessing");
      for (String role : List.of("sep", "cls")) {
        String token = roles.require(role).content();
        roberta.putArray(role).add(token).add(added.get(token));
      }
      return roberta.put("trim_offsets", true).put("add_prefix_space", prefixSpace);
    }
    TextTemplate template = new TextTemplate();
    if (roles.config().path("add_bos_token").asBoolean(false)) {
      template.special(roles.require("bos").content(), added);
    }
    template.text();
    if (roles.config().path("add_eos_token").asBoolean(false)) {
      template.special(roles.require("eos").content(), added);
    }
    return template.isTextAlone() ? byteLevel(true, true) : template.json();
  }

  private ArrayNode merges() throws IOException {
    Path file = directory.resolve(MERGES);
    ArrayNode merges = JSON.arrayNode();
    long number = 0;
    for (String line : lines(file)) {
      number++;
      boolean header = number == 1 && line.startsWith("#version");
      if (header || line.isEmpty()) {
        continue;
      }
      String[] pair = line.split(" ", -1);
      if (pair.length != 2 || pair[0].isEmpty() || pair[1].isEmpty()) {
        throw new DatasetException(
            file.toString(),
            "two tokens with a space between them in each line",
            "'" + line + "' in line " + number,
            "Fetch the file again");
      }
      merges.addArray().add(pair[0]).add(pair[1]);
    }
    return merges;
  }

  /** The lines of a UTF-8 file, ended as on any system; only line feeds part them. */
  static List<String> lines(Path file) throws IOException {
    try {
      return List.of(
          Files.readString(file).replace("\r\n", "\n").replace('\r', '\n').split("\n", -1));
    } catch (CharacterCodingException e) {
      throw new DatasetException(
          file.toString(), "UTF-8 text", "bytes that are not", "Fetch the file again", e);
    }
  }
}
