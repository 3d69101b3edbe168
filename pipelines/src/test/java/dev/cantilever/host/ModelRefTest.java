package dev.cantilever.host;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelRefTest {

  @TempDir private Path model;

  @BeforeEach
  void write() throws IOException {
    for (String name :
        new String[] {
          "config.json",
          "generation_config.json",
          "model.safetensors",
          "tokenizer.json",
          "tokenizer_config.json"
        }) {
      Files.writeString(model.resolve(name), "as it was");
    }
  }

  private String digest() throws IOException {
    return ModelRef.of(model).digest();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "generation_config.json",
        "model.safetensors",
        "tokenizer.json",
        "tokenizer_config.json"
      })
  void digest_ofAModelOfWhichAFileChanged_isAnother(String name) throws IOException {
    String before = digest();

    Files.writeString(model.resolve(name), "changed");

    assertThat(digest()).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"README.md", "special_tokens_map.json", "chat_template.jinja"})
  void digest_withAFileThatDecidesNothing_isTheSame(String name) throws IOException {
    String before = digest();

    Files.writeString(model.resolve(name), "new");

    assertThat(digest()).isEqualTo(before);
  }

  @Test
  void digest_ofATokenizerInParts_countsEachPart() throws IOException {
    Files.delete(model.resolve("tokenizer.json"));
    Files.writeString(model.resolve("vocab.json"), "{}");
    Files.writeString(model.resolve("merges.txt"), "");
    String before = digest();

    Files.writeString(model.resolve("special_tokens_map.json"), "{}");

    assertThat(digest()).isNotEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"adapter_model.safetensors", "adapter_model.bin"})
  void digest_ofAnAdapter_isOfItsConfigAndWeightsAlone(String weights) throws IOException {
    Files.delete(model.resolve("config.json"));
    Files.writeString(model.resolve("adapter_config.json"), "{}");
    Files.writeString(model.resolve(weights), "as it was");
    String before = digest();

    Files.writeString(model.resolve("tokenizer.json"), "changed");
    assertThat(digest()).isEqualTo(before);
    Files.writeString(model.resolve(weights), "changed");
    assertThat(digest()).isNotEqualTo(before);
  }
}
