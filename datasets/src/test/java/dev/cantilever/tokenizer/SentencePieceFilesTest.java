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
 * Models that sentencepiece 0.2.3 has learnt from text made up for it: two Unigrams of 150 pieces
 * with a few rules of a normalizer, and two BPEs of some 400 with bytes and symbols of their own.
 * Expected ids are those of transformers 5 ({@code T5Tokenizer}, {@code GemmaTokenizer}, {@code
 * LlamaTokenizer} where {@code legacy} is false, {@code DebertaV2Converter}), else of sentencepiece
 * itself.
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

  @Test
  void bytePairs_withoutPrefixSpace_beginWithNone() throws IOException {
    model("byte_pairs.model", "tokenizer.model");
    String config = "{\"tokenizer_class\": \"LlamaTokenizer\", \"add_prefix_space\": false%s}";
    for (String legacy : new String[] {"", ", \"legacy\": false"}) {
      write("tokenizer_config.json", config.formatted(legacy));

      try (TextTokenizer llama = TextTokenizer.load(directory)) {
        int[] film = llama.encode("The slow film");
        assertThat(film).startsWith(409, 264, 262, 355);
        assertThat(llama.decode(film)).isEqualTo("The slow film");
      }
    }
  }

  @Test
  void bytePairs_ofGemma_makeRunsOfSpacesAndLines() throws IOException {
    model("gemma.model", "tokenizer.model");
    write("config.json", "{\"model_type\": \"gemma2\", \"bos_token_id\": 2, \"eos_token_id\": 1}");

    try (TextTokenizer gemma = TextTokenizer.load(directory)) {
      assertThat(gemma.encodeWithSpecialTokens("The slow film shows the bright river."))
          .containsExactly(2, 426, 386, 380, 362, 364, 366, 354, 367, 369, 403);
      assertThat(gemma.encode(SPACES))
          .containsExactly(
              10, 382, 392, 384, 10, 383, 398, 388, 396, 380, 383, 8, 23, 382, 388, 397, 383, 379);
      assertThat(gemma.encode("a     b      c\n\n\n\nd"))
          .containsExactly(388, 10, 11, 397, 12, 10, 396, 9, 7, 395);
      assertThat(gemma.encode(MIXED))
          .containsExactly(
              81, 388, 400, 404, 298, 388, 407, 394, 380, 379, 253, 186, 143, 387, 380, 240, 142,
              180, 379, 253, 202, 175, 379, 380, 218, 143);
      assertThat(gemma.encode(OTHERS))
          .containsExactly(
              242, 198, 187, 244, 164, 149, 254, 173, 166, 142, 368, 399, 382, 379, 405, 408, 416,
              414, 403, 409, 51);
      int[] turn = gemma.encode("<start_of_turn>user\nhello there<end_of_turn>\n");
      assertThat(turn)
          .containsExactly(5, 389, 383, 272, 7, 386, 380, 385, 385, 384, 289, 272, 380, 6, 7);
      assertThat(gemma.decodeWithoutSpecialTokens(turn)).isEqualTo("user\nhello there\n");
      for (String any : new String[] {"", SPACES, MIXED, OTHERS, LINES}) {
        assertThat(gemma.decode(gemma.encode(any))).isEqualTo(any);
      }
      assertThat(gemma.endOfTextIds()).containsExactly(1);
      assertThat(gemma.vocabularySize()).isEqualTo(430);
    }
  }

  @Test
  void unigram_ofDeberta_standsBetweenItsTokens() throws IOException {
    model("deberta.model", "spm.model");
    write("config.json", "{\"model_type\": \"deberta-v2\"}");
    write("tokenizer_config.json", "{\"do_lower_case\": false, \"vocab_type\": \"spm\"}");
    write("added_tokens.json", "{\"[MASK]\": 150}");

    try (TextTokenizer deberta = TextTokenizer.load(directory)) {
      assertThat(deberta.encodeWithSpecialTokens("The slow film shows the bright river."))
          .containsExactly(1, 78, 17, 30, 27, 15, 29, 25, 39, 2);
      assertThat(deberta.encode(SPACES))
          .containsExactly(4, 7, 142, 12, 4, 32, 137, 42, 139, 149, 32, 4, 7, 42, 138, 32);
      assertThat(deberta.encode(MIXED))
          .containsExactly(
              4, 3, 42, 136, 45, 46, 42, 44, 43, 4, 136, 148, 6, 149, 39, 39, 39, 4, 126, 4, 45);
      assertThat(deberta.encode(OTHERS))
          .containsExactly(4, 3, 4, 21, 12, 6, 5, 7, 94, 95, 54, 39, 48, 3);
      assertThat(deberta.encode("x<eos> [MASK]x[SEP]"))
          .containsExactly(4, 3, 149, 12, 32, 3, 150, 4, 3, 2);
      assertThat(deberta.vocabularySize()).isEqualTo(151);
    }
  }

  @Test
  void unigram_ofDeberta_lowersAndPartsWhereItsFileSaysSo() throws IOException {
    model("deberta.model", "spm.model");
    write(
        "tokenizer_config.json",
        "{\"tokenizer_class\": \"DebertaV2TokenizerFast\", \"do_lower_case\": true,"
            + " \"split_by_punct\": true}");

    try (TextTokenizer deberta = TextTokenizer.load(directory)) {
      assertThat(deberta.encode("THE SLOW film.film")).containsExactly(15, 17, 30, 4, 39, 30);
      assertThat(deberta.encode("It's, well"))
          .containsExactly(4, 35, 4, 5, 4, 32, 4, 40, 4, 142, 149, 147, 147);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "gemma.model, LlamaTokenizer, normalizer_spec.add_dummy_prefix 'true'",
    "byte_pairs.model, GemmaTokenizer, normalizer_spec.add_dummy_prefix 'false'",
    "deberta.model, GemmaTokenizer, trainer_spec.model_type '2'",
    "gemma.model, DebertaV2Tokenizer, trainer_spec.model_type '1'",
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
