package dev.cantilever.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SpecialTokensTest {

  private static final String TOKENIZER =
      """
      {"added_tokens": [{"id": 4, "content": "<end>"}],
       "model": {"type": "Unigram", "vocab": [["<unk>", 0.0], ["a", -1.0], ["b", -2.5]]}}
      """;

  @TempDir private Path directory;

  @Test
  void vocabulary_ofUnigram_countsPositionsAndAddedTokens() throws IOException {
    write("tokenizer.json", TOKENIZER);
    Vocabulary vocabulary = vocabulary();

    assertThat(vocabulary.size()).isEqualTo(5);
    assertThat(vocabulary.id("b")).hasValue(2);
    assertThat(vocabulary.id("<end>")).hasValue(4);
    assertThat(vocabulary.id("c")).isEmpty();
  }

  @Test
  void ids_listInGenerationConfig_winOverConfig() throws IOException {
    write("generation_config.json", "{\"eos_token_id\": [2, 4, 2]}");
    write("config.json", "{\"eos_token_id\": 1, \"pad_token_id\": -1, \"bos_token_id\": 1}");
    write("tokenizer_config.json", "{\"pad_token\": {\"content\": \"a\"}}");

    assertThat(ids("eos")).containsExactly(2, 4);
    assertThat(ids("bos")).containsExactly(1);
    assertThat(ids("pad")).containsExactly(1);
  }

  @Test
  void ids_namedToken_isLookedUp() throws IOException {
    write("config.json", "{\"eos_token_id\": null}");
    write("tokenizer_config.json", "{\"eos_token\": \"<end>\", \"pad_token\": null}");

    assertThat(ids("eos")).containsExactly(4);
    assertThat(ids("pad")).isEmpty();
  }

  @Test
  void ids_statedNowhere_areNone() throws IOException {
    assertThat(ids("eos")).isEmpty();
  }

  @Test
  void ids_beyondTheVocabulary_areRefused() throws IOException {
    write("config.json", "{\"eos_token_id\": 5}");

    assertThatThrownBy(() -> ids("eos"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("config.json")
        .hasMessageContaining("'eos_token_id'")
        .hasMessageContaining("found 5");
  }

  @Test
  void ids_unknownToken_isRefused() throws IOException {
    write("tokenizer_config.json", "{\"eos_token\": \"</s>\"}");

    assertThatThrownBy(() -> ids("eos"))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("'</s>'");
  }

  private List<Integer> ids(String kind) throws IOException {
    write("tokenizer.json", TOKENIZER);
    Vocabulary vocabulary = vocabulary();
    return new SpecialTokens(directory, vocabulary).ids(kind);
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(directory.resolve(name), content);
  }

  private Vocabulary vocabulary() throws IOException {
    Path file = directory.resolve("tokenizer.json");
    return Vocabulary.of(Vocabulary.json(file), file);
  }
}
