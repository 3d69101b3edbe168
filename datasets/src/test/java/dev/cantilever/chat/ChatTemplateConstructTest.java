package dev.cantilever.chat;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.cantilever.text.DatasetException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.assertj.core.api.SoftAssertions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The files of {@code chat/constructs} hold small templates and what transformers made of each with
 * the conversation beside them: a text, or in {@code failing} an error of Python's.
 */
class ChatTemplateConstructTest {

  private static final Path CASES = Path.of("src/test/resources/chat/constructs");

  private static final String REFUSED = "refused: expected ";

  @TempDir private Path directory;
  private TemplateFolder folder;
  private String messages;

  @BeforeEach
  void read() throws IOException {
    folder = new TemplateFolder(directory);
    messages = Files.readString(CASES.resolve("messages.json"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "values",
        "sequences",
        "operators",
        "numbers",
        "strings",
        "blocks",
        "whitespace",
        "idioms"
      })
  void construct_ofJinja_givesTransformersText(String theme) throws IOException {
    JsonNode cases = cases(theme);
    SoftAssertions softly = new SoftAssertions();
    for (JsonNode one : cases) {
      String template = one.get(0).textValue();
      softly.assertThat(outcome(template)).as(template).isEqualTo(one.get(1).textValue());
    }
    softly.assertAll();
  }

  /** The second file's are rendered by Python: refused here, never another text. */
  @ParameterizedTest
  @ValueSource(strings = {"failing", "unsupported"})
  void construct_thatFailsOrIsNotHere_isRefused(String file) throws IOException {
    SoftAssertions softly = new SoftAssertions();
    for (JsonNode template : cases(file)) {
      softly.assertThat(outcome(template.textValue())).as(template.textValue()).startsWith(REFUSED);
    }
    softly.assertAll();
  }

  private String outcome(String template) throws IOException {
    try {
      return folder.rendered(template, messages);
    } catch (DatasetException e) {
      return String.valueOf(e.getMessage())
          .replace(directory.resolve("chat_template.jinja") + ":", "refused:");
    }
  }

  private static JsonNode cases(String theme) throws IOException {
    JsonNode cases = new JsonMapper().readTree(CASES.resolve(theme + ".json").toFile());
    assertThat(cases.size()).isGreaterThan(20);
    return cases;
  }
}
