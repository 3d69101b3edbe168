package dev.cantilever.tokenizer;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Two models that sentencepiece 0.2.3 has learnt from text made up for it: a Unigram of 150 pieces
 * with a few rules of a normalizer, and a BPE of 420 with bytes and a symbol of its own. Expected
 * ids are those of transformers 5.24.0 ({@code T5Tokenizer}, and {@code LlamaTokenizer} where
 * {@code legacy} is false), else of sentencepiece itself.
 */
class SentencePieceFilesTest {

  private static final String MIXED = "Caf\u00e9 na\u00efve \ufb01ne\u2026 \uff21 e\u0301";
  private static final String SPACES = "  two  spaces\n\n\ttabs ";
  private static final String OTHERS = "\u4e2d\u6587\ud83d\ude00 don't 1234.5%";
  private static final String LINES = "It's 2030\u00a0mountains!\nNew line";
  private static final String TOKENS = "<|user|> hello</s> <extra_id_3>x";

  @TempDir private Path directory;

  private void model(String resource, String name) throws IOException {
    try (InputStream model = getClass().getResourceAsStream("/sentencepiece/" + resource)) {
      Files.copy(requireNonNull(model), directory.resolve(name));
    }
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
  }

  @Test
  void unigram_ofT5_givesTransformersIds() throws IOException {
    model("unigram.model", "spiece.model");
    write("config.json", "{\"model_type\": \"t5\", \"eos_token_id\": 1, \"pad_token_id\": 0}");

    try (TextTokenizer t5 = TextTokenizer.load(directory)) {
      assertThat(t5.encodeWithSpecialTokens("The slow film shows the bright river."))
          .containsExactly(3, 47, 20, 61, 81, 3, 4, 18, 111, 9, 5, 59, 68, 16, 1);
      assertThat(t5.encodeWithSpecialTokens(SPACES))
          .containsExactly(3, 11, 145, 10, 3, 4, 110, 12, 109, 15, 3, 11, 12, 144, 4, 1);
      assertThat(t5.encodeWithSpecialTokens(MIXED))
          .containsExactly(
              3, 45, 12, 14, 13, 3, 6, 12, 46, 41, 115, 6, 5, 16, 16, 16, 3, 34, 3, 13, 1);
      assertThat(t5.encodeWithSpecialTokens(OTHERS))
          .containsExactly(3, 2, 3, 40, 6, 7, 11, 121, 67, 84, 16, 106, 42, 1);
      assertThat(t5.encodeWithSpecialTokens(LINES))
          .containsExactly(
              3, 35, 11, 7, 4, 3, 92, 88, 67, 88, 63, 4, 31, 3, 2, 5, 145, 3, 50, 149, 6, 5, 1);
      assertThat(t5.encodeWithSpecialTokens(TOKENS))
          .containsExactly(3, 2, 146, 4, 5, 54, 2, 3, 20, 50, 50, 10, 1, 246, 3, 2, 1);
      assertThat(t5.encodeWithSpecialTokens("")).containsExactly(1);
      int[] film = t5.encodeWithSpecialTokens("The slow film");
      assertThat(t5.decode(film)).isEqualTo("The slow film</s>");
      assertThat(t5.decodeWithoutSpecialTokens(film)).isEqualTo("The slow film");
      assertThat(t5.vocabularySize()).isEqualTo(250);
      assertThat(t5.id("<extra_id_0>")).hasValue(249);
      assertThat(t5.endOfTextIds()).containsExactly(1);
    }
  }

  @Test
  void unigram_withoutExtraIds_hasThePiecesAlone() throws IOException {
    model("unigram.model", "spiece.model");
    write("tokenizer_config.json", "{\"tokenizer_class\": \"T5Tokenizer\", \"extra_ids\": 0}");

    try (TextTokenizer t5 = TextTokenizer.load(directory)) {
      assertThat(t5.vocabularySize()).isEqualTo(150);
    }
  }

  @Test
  void bytePairs_ofLlama_giveSentencePiecesIds() throws IOException {
    model("byte_pairs.model", "tokenizer.model");
    write("config.json", "{\"model_type\": \"llama\", \"bos_token_id\": 1, \"eos_token_id\": 2}");

    try (TextTokenizer llama = TextTokenizer.load(directory)) {
      int[] film = {
        342, 262, 355, 291, 372, 373, 376, 262, 374, 356, 367, 273, 349, 346, 364, 269, 350, 388
      };
      String text = "The slow film shows the bright river.";
      assertThat(llama.encode(text)).containsExactly(film);
      assertThat(llama.encodeWithSpecialTokens(text)).startsWith(1).endsWith(film).hasSize(19);
      assertThat(llama.encode(SPACES))
          .containsExactly(
              364, 364, 263, 381, 371, 364, 262, 387, 368, 378, 266, 14, 14, 13, 366, 368, 383, 367,
              364);
      assertThat(llama.encode(MIXED))
          .containsExactly(
              339, 340, 364, 243, 176, 133, 370, 365, 230, 132, 170, 364, 243, 192, 165, 293, 208,
              133);
      assertThat(llama.encode(OTHERS))
          .containsExactly(
              364, 232, 188, 177, 234, 154, 139, 244, 163, 156, 132, 323, 370, 382, 366, 364, 391,
              414, 413, 410, 388, 417, 404);
      assertThat(llama.encode(LINES))
          .containsExactly(
              313, 382, 367, 364, 414, 418, 413, 418, 198, 164, 376, 360, 362, 367, 397, 14, 82,
              365, 381, 292, 268, 365);
      assertThat(llama.encode("nul \u0000 byte"))
          .containsExactly(334, 380, 373, 364, 4, 287, 389, 366, 365);
      for (String any : new String[] {text, SPACES, MIXED, OTHERS, LINES}) {
        assertThat(llama.decode(llama.encode(any))).isEqualTo(any);
      }
      assertThat(llama.vocabularySize()).isEqualTo(420);
    }
  }

  @Test
  void bytePairs_notLegacy_putOneSpaceBeforeAText() throws IOException {
    model("byte_pairs.model", "tokenizer.model");
    write(
        "tokenizer_config.json",
        "{\"tokenizer_class\": \"LlamaTokenizerFast\", \"legacy\": false, \"add_eos_token\": true}");

    try (TextTokenizer llama = TextTokenizer.load(directory)) {
      assertThat(llama.encodeWithSpecialTokens(SPACES))
          .containsExactly(
              1, 364, 263, 381, 371, 364, 262, 387, 368, 378, 266, 14, 14, 13, 366, 368, 383, 367,
              364, 2);
      assertThat(llama.encode(TOKENS))
          .containsExactly(
              3, 364, 264, 373, 267, 2, 364, 64, 365, 124, 366, 369, 368, 99, 372, 375, 99, 413, 66,
              124);
      assertThat(llama.encode(" a")).containsExactly(285);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "unigram.model, LlamaTokenizer, trainer_spec.model_type '2'",
    "byte_pairs.model, T5Tokenizer, trainer_spec.model_type '1'",
    "unigram.model, AlbertTokenizer, 'T5Tokenizer, LlamaTokenizer'",
    "unigram.model, GPT2Tokenizer, 'T5Tokenizer, LlamaTokenizer'",
  })
  void model_ofAnotherKindThanItsClass_isRefused(String resource, String kind, String expected)
      throws IOException {
    model(resource, "tokenizer.model");
    write("tokenizer_config.json", "{\"tokenizer_class\": \"" + kind + "\"}");

    assertThatThrownBy(() -> TextTokenizer.load(directory))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining(expected);
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 100, 3000})
  void model_cutShort_isRefused(int bytes) throws IOException {
    model("unigram.model", "whole.model");
    byte[] whole = Files.readAllBytes(directory.resolve("whole.model"));
    Path file = Files.write(directory.resolve("spiece.model"), Arrays.copyOf(whole, bytes));
    write("config.json", "{\"model_type\": \"t5\"}");

    assertThatThrownBy(() -> SentencePieceModel.read(file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("spiece.model: expected a sentencepiece model");
  }
}
