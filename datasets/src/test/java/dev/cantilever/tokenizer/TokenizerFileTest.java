package dev.cantilever.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Expected ids are those of transformers' own classes over the same vocabulary files. */
class TokenizerFileTest {

  private static final List<String> MERGES =
      List.of("l o", "lo w", "Ġ low", "e r", "Ġlow er", "1 2", "# #", "t h", "' t", "Ġ Ġ");

  private static final String WORDS = "low lower  don't 12 ##\n";
  private static final String MASKED = "<mask> low</s>x <|endoftext|>";
  private static final String ACCENTS = "é e\u0301 12\n\nth";

  @TempDir private Path directory;

  @Test
  void bytePairs_ofGpt2_giveItsIdsAndNothingAround() throws IOException {
    bytePairs(List.of("<|endoftext|>"));
    write("config.json", "{\"model_type\": \"gpt2\"}");

    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      int[] words = {258, 261, 33, 33, 101, 112, 111, 265, 33, 262, 33, 263, 11};
      assertThat(tokenizer.encode(WORDS)).containsExactly(words);
      assertThat(tokenizer.encodeWithSpecialTokens(WORDS)).containsExactly(words);
      assertThat(tokenizer.encode(MASKED))
          .containsExactly(61, 110, 98, 116, 108, 63, 259, 61, 48, 116, 63, 121, 33, 0);
      assertThat(tokenizer.decode(words)).isEqualTo(WORDS);
    }
  }

  @Test
  void bytePairs_withPrefixSpace_beginWithOne() throws IOException {
    bytePairs(List.of("<|endoftext|>"));
    write(
        "tokenizer_config.json",
        "{\"tokenizer_class\": \"GPT2TokenizerFast\", \"add_prefix_space\": true}");

    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      assertThat(tokenizer.encode(WORDS))
          .containsExactly(259, 261, 33, 33, 101, 112, 111, 265, 33, 262, 33, 263, 11);
    }
  }

  @Test
  void bytePairs_ofOpt_beginWithItsToken() throws IOException {
    bytePairs(List.of("<s>", "<pad>", "</s>", "<unk>"));
    write(
        "tokenizer_config.json",
        """
        {"tokenizer_class": "GPT2Tokenizer", "add_bos_token": true, "bos_token": "</s>",
         "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}
        """);
    write(
        "special_tokens_map.json",
        """
        {"bos_token": {"content": "</s>", "lstrip": false, "normalized": true, "rstrip": false,
         "single_word": false}, "eos_token": "</s>", "unk_token": "</s>", "pad_token": "<pad>"}
        """);

    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      int[] words = {2, 261, 264, 36, 36, 104, 115, 114, 268, 36, 265, 36, 266, 14};
      assertThat(tokenizer.encodeWithSpecialTokens(WORDS)).containsExactly(words);
      assertThat(tokenizer.encodeToContinue(WORDS)).containsExactly(words);
      assertThat(tokenizer.encode(WORDS)).isEqualTo(Arrays.copyOfRange(words, 1, 14));
      assertThat(tokenizer.encode("low</s>")).containsExactly(261, 2);
      assertThat(tokenizer.endOfTextIds()).containsExactly(2);
    }
  }

  @Test
  void bytePairs_ofRoberta_standBetweenItsTokens() throws IOException {
    bytePairs(List.of("<s>", "<pad>", "</s>", "<unk>", "<mask>"));
    write("config.json", "{\"model_type\": \"roberta\"}");

    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      assertThat(tokenizer.encodeWithSpecialTokens(WORDS))
          .containsExactly(0, 262, 265, 37, 37, 105, 116, 115, 269, 37, 266, 37, 267, 15, 2);
      assertThat(tokenizer.encode("<mask> low</s>x")).containsExactly(4, 263, 2, 125);
      assertThat(tokenizer.encodeToContinue("low")).containsExactly(0, 262);
    }
  }

  @Test
  void bytePairs_ofGptNeox_composeAccents() throws IOException {
    bytePairs(List.of("<|endoftext|>", "<|padding|>"));
    write("tokenizer_config.json", "{\"tokenizer_class\": \"GPTNeoXTokenizer\"}");

    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      assertThat(tokenizer.encodeWithSpecialTokens(ACCENTS)).startsWith(197, 171);
      assertThat(tokenizer.encode("e\u0301")).containsExactly(197, 171);
      assertThat(tokenizer.encode("<|endoftext|>low")).startsWith(0);
      assertThat(tokenizer.id("<|padding|>")).hasValue(1);
    }
  }

  @Test
  void bytePairs_ofQwen2_cutDigitsAndComposeAccents() throws IOException {
    bytePairs(List.of());
    write(
        "tokenizer_config.json",
        """
        {"tokenizer_class": "Qwen2Tokenizer", "eos_token": "<|im_end|>", "unk_token": null,
         "pad_token": "<|endoftext|>", "bos_token": null, "added_tokens_decoder": {
          "266": {"content": "<|endoftext|>", "special": true, "normalized": false},
          "267": {"content": "<|im_end|>", "special": true, "normalized": false},
          "268": {"content": "<extra>", "special": false, "normalized": false}}}
        """);

    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      assertThat(tokenizer.encode(WORDS))
          .containsExactly(257, 260, 32, 32, 100, 111, 110, 264, 32, 49, 50, 32, 262, 10);
      assertThat(tokenizer.encode(ACCENTS))
          .containsExactly(195, 169, 32, 195, 169, 32, 49, 50, 10, 10, 263);
      int[] ended = tokenizer.encodeWithSpecialTokens(" low <|im_end|> <extra>");
      assertThat(ended).containsExactly(258, 32, 267, 32, 268);
      assertThat(tokenizer.decodeWithoutSpecialTokens(ended)).isEqualTo(" low  <extra>");
      assertThat(tokenizer.vocabularySize()).isEqualTo(269);
    }
  }

  @Test
  void wordPieces_ofBert_followItsSettings() throws IOException {
    write(
        "vocab.txt",
        "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nlow\n##er\n##s\ncafe\nLow\ncafé\n'\nt\ndon\n!\n中\na\n");
    String text = "Low lowers don't [MASK] café!";

    assertThat(ids("{\"tokenizer_class\": \"BertTokenizer\"}", text))
        .containsExactly(2, 5, 5, 6, 7, 13, 11, 12, 4, 8, 14, 3);
    assertThat(ids("{\"tokenizer_class\": \"BertTokenizer\", \"do_lower_case\": false}", text))
        .containsExactly(2, 9, 5, 6, 7, 13, 11, 12, 4, 10, 14, 3);
    assertThat(ids("{\"tokenizer_class\": \"BertTokenizer\"}", "中a中 A zzz"))
        .containsExactly(2, 15, 16, 15, 16, 1, 3);
    String plain =
        "{\"tokenizer_class\": \"DistilBertTokenizer\", \"tokenize_chinese_chars\": false,"
            + " \"strip_accents\": false}";
    assertThat(ids(plain, text)).containsExactly(2, 5, 5, 6, 7, 13, 11, 12, 4, 10, 14, 3);
    assertThat(ids(plain, "中a中 A zzz")).containsExactly(2, 1, 16, 1, 3);
  }

  @Test
  void sentencePiece_ofAnotherClass_isRefusedWithWhatToDo() throws IOException {
    write("sentencepiece.bpe.model", "binary");

    assertThatThrownBy(() -> TextTokenizer.load(directory))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("sentencepiece.bpe.model")
        .hasMessageContaining("save_pretrained");
  }

  @Test
  void class_thatIsNotKnown_isRefusedByName() throws IOException {
    bytePairs(List.of());
    write("tokenizer_config.json", "{\"tokenizer_class\": \"BlenderbotTokenizer\"}");

    assertThatThrownBy(() -> TextTokenizer.load(directory))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("found BlenderbotTokenizer");
  }

  @Test
  void merges_ofOneToken_areRefusedWithTheirLine() throws IOException {
    bytePairs(List.of("<|endoftext|>"));
    write("config.json", "{\"model_type\": \"gpt2\"}");
    write("merges.txt", "#version: 0.2\nl o\nlow\n");

    assertThatThrownBy(() -> TextTokenizer.load(directory))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("'low' in line 3");
  }

  private int[] ids(String config, String text) throws IOException {
    write("tokenizer_config.json", config);
    try (TextTokenizer tokenizer = TextTokenizer.load(directory)) {
      return tokenizer.encodeWithSpecialTokens(text);
    }
  }

  /** The special tokens, the 256 bytes by value, the merges. */
  private void bytePairs(List<String> specialTokens) throws IOException {
    List<String> tokens = new ArrayList<>(specialTokens);
    int stand = 256;
    for (int b = 0; b < 256; b++) {
      boolean visible = b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xff && b != 0xad;
      tokens.add(String.valueOf((char) (visible ? b : stand++)));
    }
    MERGES.forEach(merge -> tokens.add(merge.replace(" ", "")));
    Map<String, Integer> ids = new LinkedHashMap<>();
    tokens.forEach(token -> ids.put(token, ids.size()));
    write("vocab.json", new JsonMapper().writeValueAsString(ids));
    write("merges.txt", "#version: 0.2\n" + String.join("\n", MERGES) + "\n");
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
  }
}
