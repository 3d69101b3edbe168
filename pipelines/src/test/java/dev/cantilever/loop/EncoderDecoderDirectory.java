package dev.cantilever.loop;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cantilever.parity.Fixtures;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The fixture of an encoder-decoder with a tokenizer of characters that ends a text as T5's does.
 */
final class EncoderDecoderDirectory {

  /** Of the end of a text, as the fixture's config has it. */
  static final int END = 1;

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ENDING = "</s>";
  private static final String UNKNOWN = "<unk>";

  private EncoderDecoderDirectory() {}

  /** Writes it into a folder that is made. */
  static Path write(Path directory) throws IOException {
    Fixtures.copy("flan_t5", Files.createDirectories(directory));
    ObjectNode root = JSON.createObjectNode().put("version", "1.0");
    ObjectNode vocabulary = JSON.createObjectNode().put("<pad>", 0).put(ENDING, END);
    vocabulary.put(UNKNOWN, 2);
    ArrayNode added = root.putArray("added_tokens");
    vocabulary
        .fields()
        .forEachRemaining(
            token ->
                added
                    .addObject()
                    .put("id", token.getValue().intValue())
                    .put("content", token.getKey())
                    .put("special", true)
                    .put("single_word", false)
                    .put("lstrip", false)
                    .put("rstrip", false)
                    .put("normalized", false));
    for (char c = ' '; vocabulary.size() < 96; c++) {
      vocabulary.put(String.valueOf(c), vocabulary.size());
    }
    root.putNull("normalizer").putNull("pre_tokenizer");
    ObjectNode behind = root.putObject("post_processor").put("type", "TemplateProcessing");
    ArrayNode single = behind.putArray("single");
    single.addObject().putObject("Sequence").put("id", "A").put("type_id", 0);
    single.addObject().putObject("SpecialToken").put("id", ENDING).put("type_id", 0);
    behind.putArray("pair").addAll(single);
    ObjectNode ending = behind.putObject("special_tokens").putObject(ENDING).put("id", ENDING);
    ending.putArray("ids").add(END);
    ending.putArray("tokens").add(ENDING);
    root.putObject("decoder").put("type", "Fuse");
    ObjectNode model = root.putObject("model").put("type", "BPE").put("unk_token", UNKNOWN);
    model.set("vocab", vocabulary);
    model.putArray("merges");
    JSON.writeValue(directory.resolve("tokenizer.json").toFile(), root);
    Files.writeString(
        directory.resolve("tokenizer_config.json"),
        "{\"eos_token\": \"</s>\", \"pad_token\": \"<pad>\", \"unk_token\": \"<unk>\"}");
    return directory;
  }
}
